"""The joint layout: `START source SEPARATOR target END` in one sequence, scored on the target and END.

The inputs are teacher-forced: at each step of the answer the machine is given the right token of the step before
(Grefenstette et al., 2015).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Int

from neuralstack.tasks._base import Example


class Marks(NamedTuple):
    """The tokens that are no symbols; they follow the symbols."""

    start: int
    separator: int
    end: int


def marks(symbols: int) -> Marks:
    """Return the marks beside `symbols` symbols."""
    return Marks(symbols, symbols + 1, symbols + 2)


def joint_steps(source_length, target_length):
    """Return the number of steps that a pair takes: START, the source, SEPARATOR and the target are each given."""
    return source_length + target_length + 2


def joint_layout(
    source: Int[Array, " source"],
    source_length: Int[Array, ""] | int,
    target: Int[Array, " target"],
    target_length: Int[Array, ""] | int,
    symbols: int,
) -> Example:
    """Lay out the first `source_length` and `target_length` tokens of padded arrays; lengths may be traced.

    Steps beyond the pair are given END and are not scored.

    Examples:
        `01` answered by `10`, with START 2, SEPARATOR 3, END 4:

        >>> import jax.numpy as jnp
        >>> example = joint_layout(jnp.array([0, 1]), 2, jnp.array([1, 0]), 2, symbols=2)
        >>> example.inputs.tolist(), example.targets.tolist()
        ([2, 0, 1, 3, 1, 0], [0, 1, 3, 1, 0, 4])
        >>> example.mask.tolist()
        [False, False, False, True, True, True]
    """
    mark = marks(symbols)
    steps = joint_steps(len(source), len(target))
    time = jnp.arange(steps + 1)
    answer_start, answer_end = source_length + 2, joint_steps(source_length, target_length)
    tokens = jnp.select(
        [time == 0, time <= source_length, time < answer_start, time < answer_end],
        [
            mark.start,
            source[jnp.clip(time - 1, 0, len(source) - 1)],
            mark.separator,
            target[jnp.clip(time - answer_start, 0, len(target) - 1)],
        ],
        mark.end,
    ).astype(jnp.int32)
    scored = (answer_start <= time[1:]) & (time[1:] <= answer_end)
    return Example(tokens[:-1], tokens[1:], scored)

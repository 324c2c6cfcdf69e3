"""Margins of the states of a machine whose every number is rounded."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from neuralstack._rounding import all_rounded
from neuralstack.discretization._agreement import Fresh, groups_of
from neuralstack.machine import Machine, answer_input, feedback_input


class UnitMargins(NamedTuple):
    """The margins by which each number of a state is rounded, over all steps, from 0 to 0.5."""

    least: Float[np.ndarray, " units"]
    median: Float[np.ndarray, " units"]
    constant: Bool[np.ndarray, " units"]
    """Whether the unit is rounded to the same number at every step."""


class Recording:
    """A rounding of every number that keeps the numbers as they were, for one step of one example within one trace."""

    def __init__(self):
        self._seen: list[Array] = []

    def __call__(self, tree: PyTree[Any]) -> PyTree[Any]:
        for leaf in jax.tree.leaves(tree):
            if not any(leaf is seen for seen in self._seen):
                self._seen.append(leaf)
        return all_rounded(tree)

    @property
    def numbers(self) -> Float[Array, " units"]:
        """The numbers before rounding, in order; an array that occurs twice is kept once."""
        return jnp.concatenate([jnp.zeros(0), *(leaf.ravel() for leaf in self._seen)])


def state_margins(machine: Machine, data: Fresh) -> dict[str, UnitMargins]:
    """Return the margins by which each unit of the controller's state, and of the readout's, is rounded.

    The margin of a number is the distance from the nearest number that is rounded otherwise: 0.5 less its distance from
    the nearest whole number. A unit with a margin near 0 may be rounded otherwise on another computer. The first step
    of a sequence counts, its initial state does not.

    Args:
        machine: A machine whose every number is rounded (`machine.quantized`).
        data: Sequences, such as those of `draw_fresh`.

    Returns:
        The margins of `controller` and, if there is one, of `readout`: of the states and hidden vectors of all layers.

    Raises:
        ValueError: If the machine's numbers are not rounded.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.discretization import draw_fresh
        >>> key, task = jax.random.key(0), ns.Reversal(alphabet="ab")
        >>> machine = ns.Machine(ns.LSTM(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, quantized=True, key=key)
        >>> margins = state_margins(machine, draw_fresh(task, (1, 3), count=4))
        >>> margins["controller"].least.shape  # 8 cells, and the 8 numbers of the hidden vector
        (16,)
    """
    if not machine.quantized:
        raise ValueError(
            "state_margins needs a machine whose every number is rounded, but the states of this one are not: train it "
            "with quantization."
        )
    found: dict[str, list[np.ndarray]] = {}
    for rows, steps in groups_of(data):
        numbers = jax.device_get(_numbers(machine, data.tokens[rows, :steps]))
        valid = np.arange(steps) < data.used[rows, None]
        for part, of in numbers.items():
            found.setdefault(part, []).append(of[valid])
    return {part: margins_of(np.concatenate(groups)) for part, groups in found.items()}


def margins_of(numbers: Float[np.ndarray, "steps units"]) -> UnitMargins:
    """Return the margins of the numbers of each unit.

    Examples:
        >>> margins_of(np.array([[0.25, 1.0], [0.875, 0.75]]))
        UnitMargins(least=array([0.25, 0.25]), median=array([0.3125, 0.375 ]), constant=array([False,  True]))
    """
    nearest = np.round(numbers)
    margins = 0.5 - np.abs(numbers - nearest)
    return UnitMargins(margins.min(0), np.median(margins, 0), (nearest == nearest[0]).all(0))


@jax.jit
def _numbers(
    machine: Machine, tokens: Int[Array, "sequences steps"]
) -> dict[str, Float[Array, "sequences steps units"]]:
    """Return the numbers of every step before they are rounded."""

    def step(state, token):
        numbers = {"controller": Recording(), "readout": Recording()}
        projected = machine.controller.project(machine.embedding[token]) + feedback_input(machine, state.read)
        machine.controller.step_rounded(state.controller, projected, numbers["controller"])
        after, taken = machine.step(state, token)
        if machine.readout is None:
            del numbers["readout"]
        else:
            projected = machine.readout.project(answer_input(machine, taken.hidden, taken.read))
            machine.readout.step_rounded(state.readout, projected, numbers["readout"])
        return after, {part: recording.numbers for part, recording in numbers.items()}

    return jax.vmap(lambda sequence: jax.lax.scan(step, machine.init(len(sequence)), sequence)[1])(tokens)

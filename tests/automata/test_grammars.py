"""Programs of rounded machines on tasks with a grammar, in which not every token may follow every other."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import AnySymbols, Formula, with_weights

from neuralstack import Machine, NoMemory, extract, harden
from neuralstack.tasks import Pair, QueryTokens


@dataclass(frozen=True)
class DigitsAndCommas(AnySymbols):
    """Digits separated by commas; the answer is their sum modulo 5."""

    max_length: int = 40
    vocabulary: ClassVar[str] = "01234,"
    format: ClassVar[QueryTokens] = QueryTokens(6)

    def draw(self, key, length):
        digits = jax.random.randint(key, (self.max_length,), 0, 5)
        source = jnp.where(jnp.arange(self.max_length) % 2, 5, digits)
        total = jnp.sum(source * (jnp.arange(self.max_length) < length)) % 5
        return Pair(source, length, jnp.full(self.max_length, total), 1)

    def answer(self, source):
        return [int(np.sum(source)) % 5]

    def answer_length(self, source_length):
        return 1


@pytest.mark.slow
def test_states_are_not_told_apart_by_what_cannot_follow_in_the_task():
    """After two digits or two commas in a row, this machine counts commas too, now and then."""

    def follow(state, x):
        total, number, was_digit, lost, _ = state
        lost = jnp.maximum(lost, (x[1] == was_digit) * (1 - x[2]))
        counts = lost * (1 - x[1]) * (number < 334)
        return jnp.stack([(total + x[0] + counts) % 5, (6 * number + 7 * x[0] + 1) % 1000, x[1], lost, 0])

    above = np.where(np.arange(5)[:, None] < np.arange(7), 1, -1)  # a sum above a unit's number speaks for larger ones
    machine = Machine(
        Formula(5, follow), NoMemory(), 7, connection="paper", embedding_dim=3, quantized=True, key=jax.random.key(0)
    )
    machine = with_weights(
        machine,
        embedding=[*([digit, 1, 0] for digit in range(5)), [0, 0, 0], [0, 0, 1]],
        answer_weights=20 * np.eye(5)[:1].repeat(5, 0).T,
        answer_bias=[-10, -30, -50, -70, -90],
        output_weights=above,
        output_bias=[0, 0, 0, 0, 0, -20, -20],
    )
    program = extract(harden(machine), DigitsAndCommas())
    assert len(program.states) == 5
    assert program.answer([3, 5, 4, 5, 1]) == [3]
    assert program.answer([3, 5, 4, 5]) == [2]

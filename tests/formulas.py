"""Machines whose controller is a formula and whose weights are given, and a task of any symbols for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from neuralstack.tasks import AbstractTask, Pair, Synchronous

BRACKETS = "()[]"


@dataclass(frozen=True)
class AnySymbols(AbstractTask):
    """Sources of any symbols; what matters here is only how a machine answers each of them."""

    max_length: int = 12
    train_lengths: ClassVar[tuple[int, int]] = (1, 12)
    test_lengths: ClassVar[tuple[int, int]] = (13, 24)
    vocabulary: ClassVar[str] = BRACKETS
    format: ClassVar[Synchronous] = Synchronous(len(BRACKETS))

    def draw(self, key, length):
        source = jax.random.randint(key, (self.max_length,), 0, len(BRACKETS))
        return Pair(source, length, source, length)

    def answer(self, source):
        return source

    def answer_length(self, source_length):
        return source_length


class Formula(eqx.Module):
    """A controller that is a formula of its state and its input."""

    size: int = eqx.field(static=True)
    formula: Callable[[Any, Any], Any] = eqx.field(static=True)

    def init(self):
        return jnp.zeros(self.size)

    def step(self, state, x):
        state = self.formula(state, x)
        return state, state


def with_weights(machine, **weights):
    """Return a machine with these weights, each a list or an array of the shape that it has."""
    return eqx.tree_at(
        lambda machine: [getattr(machine, name) for name in weights],
        machine,
        [jnp.asarray(of, float).reshape(getattr(machine, name).shape) for name, of in weights.items()],
    )

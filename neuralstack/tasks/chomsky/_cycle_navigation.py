"""Cycle navigation: a regular language."""

from dataclasses import dataclass

import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class CycleNavigation(AbstractChomskyTask):
    """Find where a walk on a circle of five places ends (Delétang et al., 2023).

    The walk starts at place 0; the symbol 0 stays, 1 goes forward, 2 goes back. The answer is the last place, 0 to 4.
    Moves are drawn uniformly. The benchmark's public code numbers the moves differently: 0 goes back, 1 stays, and 2
    goes forward.

    Examples:
        >>> task = CycleNavigation()
        >>> task.decode(task.answer(task.encode("22011")))
        '0'
        >>> task.decode(task.answer(task.encode("20")))
        '4'
    """

    @property
    def vocabulary(self):
        return "01234"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, 3)
        moves = jnp.where(jnp.arange(self.max_length) < length, jnp.array([0, 1, -1])[source], 0)
        return Pair(source, length, (moves.sum() % 5)[None], 1)

    def answer(self, source):
        require(source, 3, "moves, 0 to 2")
        return [sum((0, 1, -1)[symbol] for symbol in source) % 5]

    def answer_length(self, source_length):
        return 1

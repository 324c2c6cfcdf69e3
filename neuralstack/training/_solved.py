"""The tasks that training with default settings was measured on: how many seeds solve them, and where that is shown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from neuralstack.training._config import MachineConfig
from neuralstack.training._task_recipes import TASK_RECIPES

CHOMSKY, REVERSAL, TRANSDUCTIONS = "results/chomsky.md", "results/reversal.md", "results/transductions.md"


class Solved(NamedTuple):
    """A measurement of training on a task with its own recipe, or with the standard one."""

    seeds: int
    """Number of seeds whose machine is right on strings longer than those of training: on every one of 1000, or, in the
    Chomsky hierarchy, on at least 99 % of the symbols."""
    of: int
    """Number of seeds that were trained."""
    page: str
    """The page of the documentation that shows the measurement."""
    options: Mapping[str, Any] = MappingProxyType({})
    """Options of `configure` that the task needs."""


SOLVED: Mapping[str, Solved] = MappingProxyType({
    "reversal": Solved(99, 100, REVERSAL),
    "copy": Solved(3, 3, TRANSDUCTIONS, {"memory": "queue", "restart_after": 400}),
    "gender": Solved(2, 3, TRANSDUCTIONS, {"memory": "queue", "restart_after": 0}),
    "even-pairs": Solved(10, 10, CHOMSKY),
    "parity": Solved(10, 10, CHOMSKY),
    "cycle-navigation": Solved(10, 10, CHOMSKY),
    "modular-arithmetic": Solved(9, 10, CHOMSKY),
    "stack-manipulation": Solved(10, 10, CHOMSKY),
    "reverse-string": Solved(10, 10, CHOMSKY),
    "modular-arithmetic-brackets": Solved(10, 10, CHOMSKY),
    "duplicate-string": Solved(10, 10, CHOMSKY),
    "missing-duplicate": Solved(10, 10, CHOMSKY),
    "odds-first": Solved(10, 10, CHOMSKY),
})  # fmt: skip
"""Measurements by task. Others were not measured with default settings, or need settings of their own."""


def recipe_name(task: str) -> str:
    """Return a word for the recipe of a task: the memory of its own, `standard`, or `none yet`.

    Examples:
        >>> [recipe_name(task) for task in ("parity", "reversal", "copy", "dyck-2")]
        ['none', 'standard', 'standard, queue', 'none yet']
    """
    if task in TASK_RECIPES:
        return str(TASK_RECIPES[task].get("memory", MachineConfig().memory))
    if task not in SOLVED:
        return "none yet"
    memory = SOLVED[task].options.get("memory")
    return f"standard, {memory}" if memory else "standard"

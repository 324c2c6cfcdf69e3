"""The machines that are trained for the zoo, and the choice among them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from neuralstack._lookup import lookup
from neuralstack.experiments._experiment import LARGEST_SEED, Variant
from neuralstack.training import TASK_RECIPES, Config, configure

STACK: dict[str, Any] = {**TASK_RECIPES["reverse-string"]}
"""The recipe of one stack, or queue, whose actions follow from the tokens, for tasks that have none whose machines are
exact."""
COUNTER = STACK | {"controller": "feedforward", "hidden_dim": 16, "memory_dim": 8}
"""The same without a state in the controller, which can then neither count nor remember by itself."""
TWO_COUNTERS = COUNTER | {"memory": "stack+stack"}
OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "even-pairs": {},
        "parity": {},
        "cycle-navigation": {},
        "modular-arithmetic": {},
        "modular-arithmetic-brackets": {},
        "missing-duplicate": {},
        "reverse-string": {},
        "stack-manipulation": {},
        "duplicate-string": {},
        "odds-first": {},
        "reversal": {"evaluate_every": 25, "stop_after_perfect": 5},
        "copy": STACK | {"memory": "queue"},
        "dyck-1": COUNTER,
        "dyck-2": COUNTER,
        "dyck-3": COUNTER,
        "dyck-6": COUNTER,
        "memorization": STACK,
        "anbn": COUNTER,
        "anb2n": STACK,
        "anbmcnm": COUNTER,
        "anbncn": TWO_COUNTERS,
        "anbncndn": TWO_COUNTERS,
    }
)
"""Options of `configure` for each task; those without any are trained by the recipe of the task."""
SEEDS = 5
QUICK_TASKS, QUICK_STEPS = ("parity", "dyck-2"), 24


def config_of(task: str) -> Config:
    """Return the configuration of a task.

    Examples:
        >>> config_of("parity").machine.memory, config_of("anbncn").machine.memory
        ('none', 'stack+stack')
    """
    return configure(task, **OPTIONS[task])


def variants_of(tasks: Sequence[str] = tuple(OPTIONS), seeds: int = SEEDS, first_seed: int = 0) -> tuple[Variant, ...]:
    """Return a variant for each of some tasks.

    Args:
        tasks: The names of the tasks.
        seeds: Number of seeds of each. The first one whose program is right is that of the zoo.
        first_seed: The first seed.

    Raises:
        ValueError: If a name is unknown or given twice, or a number is out of range.
    """
    for task in tasks:
        lookup("task of the experiment zoo", OPTIONS, task)
    if len(set(tasks)) < max(len(tasks), 1):
        raise ValueError(f"tasks must be at least one, and each only once, got {', '.join(tasks) or 'none'}.")
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, got {seeds}.")
    if not 0 <= first_seed <= (last := LARGEST_SEED + 1 - seeds):
        raise ValueError(f"first_seed must be from 0 to {last}, got {first_seed}.")
    return tuple(Variant(task, task, config_of(task), seeds=seeds, first_seed=first_seed) for task in tasks)


def quick_variants(tasks: Sequence[str] = QUICK_TASKS, seeds: int = 1, first_seed: int = 0) -> tuple[Variant, ...]:
    """Return the variants of a quick run; the arguments are those of `variants_of`."""
    return tuple(
        variant.shortened(seeds, max_steps=QUICK_STEPS, evaluate_every=QUICK_STEPS, batch_size=16)
        for variant in variants_of(tasks, seeds, first_seed)
    )

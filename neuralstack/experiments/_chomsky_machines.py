"""The machines that are trained on the tasks of the Chomsky hierarchy, and the choice among them."""

from collections.abc import Mapping, Sequence
from typing import Any

from neuralstack._lookup import lookup
from neuralstack.experiments._chomsky_published import PUBLISHED
from neuralstack.experiments._experiment import LARGEST_SEED, Variant
from neuralstack.training import TASK_RECIPES, Config, with_options

NETWORK = with_options(
    Config("parity"), hidden_dim=64, memory_dim=16, batch_size=64, max_steps=10_000, curriculum="uniform",
    evaluate_every=500, learning_rate=3e-3,
    restart_after=0,
)  # fmt: skip
NETWORKS = {
    "rnn": with_options(NETWORK, memory="none", controller="elman"),
    "superposition": with_options(NETWORK, memory="superposition", controller="elman", connection="feedback"),
    "tape": with_options(NETWORK, memory="tape", controller="elman", connection="feedback"),
    "lstm": with_options(NETWORK, memory="none", controller="lstm"),
}
"""Networks such as the published ones, which are trained alike on every task."""
LABELS = {"rnn": "RNN", "superposition": "Stack-RNN", "tape": "Tape-RNN", "lstm": "LSTM"}
"""Their names in the publication."""
OURS = ("ours", "stack", "universal")
"""Machines of this package: with the recipe of each task; one stack; a stack and two queues."""
MACHINES = (*OURS, *NETWORKS)
STACK = TASK_RECIPES["reverse-string"]
UNIVERSAL = {**TASK_RECIPES["odds-first"], "memory": "stack+queue+queue", "memory_dim": 24}
SEEDS_OF_OURS, SEEDS_OF_NETWORKS = 10, 3
QUICK_TASKS = tuple(PUBLISHED)[:8]
QUICK_MACHINES = ("ours", "superposition")
QUICK_STEPS = 24


def recipe_of(task: str) -> Mapping[str, Any]:
    """Return the recipe of the machine `ours`: that of the task, or that of one stack for tasks without their own."""
    return TASK_RECIPES.get(task, STACK)


def config_of(task: str, machine: str) -> Config:
    """Return the configuration of a machine on a task.

    Examples:
        >>> config_of("parity", "ours").machine.memory, config_of("parity", "stack").machine.memory
        ('none', 'stack')
    """
    if machine in NETWORKS:
        return with_options(NETWORKS[machine], task=task)
    recipe = {"ours": recipe_of(task), "stack": STACK, "universal": UNIVERSAL}[machine]
    return with_options(Config(task), **recipe)


def variants_of(
    tasks: Sequence[str] = tuple(PUBLISHED),
    machines: Sequence[str] = MACHINES,
    seeds: int | None = None,
    first_seed: int = 0,
    max_steps: int | None = None,
) -> tuple[Variant, ...]:
    """Return the variants of some tasks and machines.

    Args:
        tasks: The names of the tasks.
        machines: The names of the machines.
        seeds: Number of seeds of each. Defaults to 10 for machines of this package, and 3 for the other networks.
        first_seed: The first seed.
        max_steps: The most batches to train on. Defaults to those of each machine.

    Raises:
        ValueError: If a name is unknown or given twice, or a number is out of range.
    """
    check_names("task", tasks, tuple(PUBLISHED))
    check_names("machine", machines, MACHINES)
    for name, given in {"seeds": seeds, "max_steps": max_steps}.items():
        if given is not None and given < 1:
            raise ValueError(f"{name} must be at least 1, got {given}.")
    variants = [
        Variant(
            f"{task}/{machine}",
            LABELS.get(machine, machine),
            with_options(config_of(task, machine), **({} if max_steps is None else {"max_steps": max_steps})),
            seeds=seeds or (SEEDS_OF_OURS if machine in OURS else SEEDS_OF_NETWORKS),
            group=task,
            first_seed=first_seed,
        )
        for task in tasks
        for machine in machines
    ]
    last = LARGEST_SEED + 1 - max(variant.seeds for variant in variants)
    if not 0 <= first_seed <= last:
        raise ValueError(f"first_seed must be from 0 to {last}, got {first_seed}.")
    return tuple(variants)


def quick_variants(
    tasks: Sequence[str] = QUICK_TASKS,
    machines: Sequence[str] = QUICK_MACHINES,
    seeds: int = 1,
    first_seed: int = 0,
    max_steps: int = QUICK_STEPS,
) -> tuple[Variant, ...]:
    """Return the variants of a quick run; the arguments are those of `variants_of`."""
    return tuple(
        variant.shortened(seeds, evaluate_every=max_steps, batch_size=16)
        for variant in variants_of(tasks, machines, seeds, first_seed, max_steps)
    )


def check_names(kind: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Check that names are known, and each is given once.

    Raises:
        ValueError: If they are not.
    """
    for name in given:
        lookup(f"{kind} of the experiment chomsky", dict.fromkeys(known, True), name)
    if len(set(given)) < max(len(given), 1):
        raise ValueError(f"{kind}s must be at least one, and each only once, got {', '.join(given) or 'none'}.")

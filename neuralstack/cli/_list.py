"""`neuralstack list`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuralstack._lookup import lookup
from neuralstack.cli._kinds import Family
from neuralstack.cli._output import print_table
from neuralstack.training import Recipe

if TYPE_CHECKING:
    from neuralstack.reporting import Table


@dataclass(frozen=True)
class List:
    """List the tasks, memories, controllers, experiments, connections, the zoo, and the kernels in use."""

    family: Family = None
    """One of these only: tasks, memories, controllers, experiments, connections, zoo or kernels. Defaults to all."""

    def __call__(self) -> int:
        """Print each with a sentence about it."""
        chosen = TABLES if self.family is None else {self.family: lookup("family", TABLES, self.family)}
        for make in chosen.values():
            for table in make():
                print_table(table)
        return 0


def task_tables() -> "Iterable[Table]":
    """Yield the tasks of each family, with the recipe of each."""
    from neuralstack.reporting import Table
    from neuralstack.tasks import FAMILIES

    for family, tasks in FAMILIES.items():
        rows = [(name, *recipe_of(name), summary(task)) for name, task in tasks.items()]
        yield Table(f"{family} tasks", ("name", "recipe", "solved", "what it is"), rows, 4)


def memory_tables() -> "Iterable[Table]":
    """Yield the memories."""
    from neuralstack.memories import MEMORIES

    yield described("memories", {name: summary(memory) for name, memory in MEMORIES.items()})


def controller_tables() -> "Iterable[Table]":
    """Yield the controllers, and the networks that take the place of one."""
    from neuralstack.controllers import CONTROLLERS
    from neuralstack.machine import NETWORKS

    yield described("controllers", {name: summary(one) for name, one in {**CONTROLLERS, **NETWORKS}.items()})


def experiment_tables() -> "Iterable[Table]":
    """Yield the experiments."""
    from neuralstack.experiments import EXPERIMENTS

    yield described("experiments", {name: f"{one.title} ({one.source})." for name, one in EXPERIMENTS.items()})


def connection_tables() -> "Iterable[Table]":
    """Yield the connections."""
    from neuralstack.training import RECIPES

    yield described("connections", {name: describe(recipe) for name, recipe in RECIPES.items()})


def zoo_tables() -> "Iterable[Table]":
    """Yield the entries of the zoo."""
    from neuralstack import zoo
    from neuralstack.reporting import Table
    from neuralstack.tasks import TASKS

    rows = []
    for name in zoo.list():
        card = zoo.load(name).card
        program, verdict = card["program"], card["verification"]["verdict"]
        rows.append((name, summary(TASKS[name]), verdict, program["states"], f"{program['bits']:,}"))
    yield Table("zoo", ("name", "what it is", "program", "states", "bits"), rows, 3)


def kernel_tables() -> "Iterable[Table]":
    """Yield the memories with kernels, and whether these are in use."""
    from neuralstack import kernels

    reason = kernels.why_unavailable()
    used = f"Pure JAX is in use, since {reason}." if reason else "C++, in use on CPUs."
    yield described("kernels", dict.fromkeys(kernels.MEMORIES, used))


TABLES = {
    "tasks": task_tables,
    "memories": memory_tables,
    "controllers": controller_tables,
    "experiments": experiment_tables,
    "connections": connection_tables,
    "zoo": zoo_tables,
    "kernels": kernel_tables,
}


def described(family: str, things: dict[str, str]) -> "Table":
    """Return the table of things with a sentence about each."""
    from neuralstack.reporting import Table

    return Table(family, ("name", "what it is"), [*things.items()], 2)


def recipe_of(task: str) -> tuple[str, str]:
    """Return the recipe with which a task is trained, and how many seeds it was measured to solve."""
    from neuralstack.training import SOLVED, recipe_name

    measured = SOLVED.get(task)
    return recipe_name(task), f"{measured.seeds} of {measured.of}" if measured else ""


def summary(thing: Any) -> str:
    """Return the first line of a class's or function's docstring, and the arguments that it is used with."""
    documented, arguments = getattr(thing, "func", thing), getattr(thing, "keywords", {})
    defaults = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return (documented.__doc__ or "").strip().partition("\n")[0] + (f" Here: {defaults}." if defaults else "")


def describe(recipe: Recipe) -> str:
    """Return one line on how machines with a connection are trained."""
    lengths = f"warm-up at {', '.join(map(str, recipe.warmup))}" if recipe.warmup else "all lengths"
    restart = f"restart after {recipe.restart_after} batches" if recipe.restart_after else "no restart"
    return (
        f"trained with learning rate {recipe.learning_rate}, {lengths}, binarization {recipe.binarization}, {restart}"
    )

"""`neuralstack list`."""

from dataclasses import dataclass
from typing import Any

from neuralstack.cli._output import print_table
from neuralstack.training import Recipe


@dataclass(frozen=True)
class List:
    """List the tasks, memories, controllers, connections and experiments, and the kernels in use."""

    def __call__(self) -> int:
        """Print each with a sentence about it."""
        from neuralstack import kernels
        from neuralstack.controllers import CONTROLLERS
        from neuralstack.experiments import EXPERIMENTS
        from neuralstack.machine import NETWORKS
        from neuralstack.memories import MEMORIES
        from neuralstack.reporting import Table
        from neuralstack.tasks import FAMILIES
        from neuralstack.training import RECIPES

        for family, tasks in FAMILIES.items():
            rows = [(name, *recipe_of(name), summary(task)) for name, task in tasks.items()]
            print_table(Table(f"{family} tasks", ("name", "recipe", "solved", "what it is"), rows, 4))
        families = {"memories": MEMORIES, "controllers": {**CONTROLLERS, **NETWORKS}}
        listed = {
            family: [(name, summary(thing)) for name, thing in things.items()] for family, things in families.items()
        }
        listed["experiments"] = [
            (name, f"{experiment.title} ({experiment.source}).") for name, experiment in EXPERIMENTS.items()
        ]
        listed["connections"] = [(name, describe(recipe)) for name, recipe in RECIPES.items()]
        reason = kernels.why_unavailable()
        used = f"Pure JAX is in use, since {reason}." if reason else "C++, in use on CPUs."
        listed["kernels"] = [(memory, used) for memory in kernels.MEMORIES]
        for family, rows in listed.items():
            print_table(Table(family, ("name", "what it is"), rows, 2))
        return 0


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

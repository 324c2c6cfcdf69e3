"""Flat options, as given on a command line or in a sweep, mapped to the fields of a configuration."""

from dataclasses import fields, replace
from typing import Any

from neuralstack._lookup import lookup, nearest
from neuralstack.training._bounds import check_field
from neuralstack.training._config import Config, DataConfig, MachineConfig, OptimizerConfig
from neuralstack.training._curriculum import CURRICULA, Warmup
from neuralstack.training._quantization import Quantization
from neuralstack.training._stopping import Stopping
from neuralstack.training._task_recipes import task_recipe
from neuralstack.training.objectives import OBJECTIVES, Supervised

BRANCHES = {"data": DataConfig, "machine": MachineConfig, "optimizer": OptimizerConfig, "stopping": Stopping}
CURRICULUM_OPTIONS = {
    "warmup_lengths": ("warmup", "lengths"),
    "linear_steps": ("linear", "steps"),
    "adaptive_accuracy": ("adaptive", "accuracy"),
    "adaptive_batches": ("adaptive", "batches"),
}
CHOICES = ("objective", "curriculum")


def configure(task: str, **options: Any) -> Config:
    """Return the configuration of a task from flat options: the names of the tree's fields, without their paths.

    A task with a recipe of its own (`TASK_RECIPES`) starts from it, unless the options choose another machine.

    Args:
        task: The name of the task.
        options: Fields by name, such as `memory="queue"` or `max_steps=100`; `objective` and `curriculum` by name;
            `warmup_lengths`, `linear_steps`, `adaptive_accuracy` and `adaptive_batches` for the curricula that have
            them; `quantization` as True or False, or as a `Quantization`.

    Raises:
        ValueError: If an option is unknown, or belongs to another objective or curriculum.

    Examples:
        >>> config = configure("reversal", memory="queue", objective="imitation", forcing_prob=0.5)
        >>> config.machine.memory, config.objective.forcing_prob
        ('queue', 0.5)
        >>> configure("reversal", forcing_prob=0.5)
        Traceback (most recent call last):
        ValueError: forcing_prob belongs to the objective imitation, got the objective supervised.
    """
    recipe = {name: value for name, value in task_recipe(task, options).items() if name not in options}
    return with_options(with_options(Config(task), **recipe), **options)


def with_options(config: Config, **options: Any) -> Config:
    """Return a configuration with some of its fields changed, given as flat options (see `configure`).

    Raises:
        ValueError: If an option is unknown, or belongs to another objective or curriculum.
    """
    for branch, cls in BRANCHES.items():
        given = {field.name: options.pop(field.name) for field in fields(cls) if field.name in options}
        if given:
            config = replace(config, **{branch: replace(getattr(config, branch), **given)})
    config = replace(config, curriculum=_curriculum(config, options))
    config = replace(config, objective=_objective(config, options))
    if "quantization" in options:
        options["quantization"] = _quantization(options["quantization"])
    known = {field.name for field in fields(Config)} - set(BRANCHES) - set(CHOICES)
    if unknown := sorted(set(options) - known):
        raise ValueError(
            f"unknown option {unknown[0]!r}: {nearest(unknown[0], option_names())}see the fields of Config."
        )
    return replace(config, **options)


def option_names() -> list[str]:
    """Return the names of all flat options."""
    classes = [*BRANCHES.values(), *OBJECTIVES.values(), Config]
    names = {field.name for cls in classes for field in fields(cls)}
    return sorted((names - set(BRANCHES)) | set(CURRICULUM_OPTIONS))


def _quantization(given: Any) -> Quantization | None:
    """Return the finishing phase that an option asks for.

    Raises:
        ValueError: If it is neither a finishing phase nor True or False.
    """
    if isinstance(given, bool):
        return Quantization() if given else None
    if given is not None and not isinstance(given, Quantization):
        raise ValueError(f"quantization must be True, False or an ns.Quantization, got {given!r}.")
    return given


def _curriculum(config: Config, options: dict[str, Any]) -> Any:
    """Pop the curriculum's options from the others, and return the resulting curriculum."""
    name = options.pop("curriculum", None)
    given = {key: options.pop(key) for key in CURRICULUM_OPTIONS if key in options}
    if name is not None and not isinstance(name, str):
        return name
    chosen: Any
    if name is None:
        chosen = config.curriculum or (Warmup() if "warmup_lengths" in given else None)
    else:
        chosen = lookup("curriculum", CURRICULA, name)()
    for key, value in given.items():
        owner, field = CURRICULUM_OPTIONS[key]
        if not isinstance(chosen, CURRICULA[owner]):
            got = type(chosen).__name__.lower() if chosen else "warmup"
            raise ValueError(f"{key} belongs to the curriculum {owner}, got the curriculum {got}.")
        check_field(CURRICULA[owner], field, value, key)
        chosen = replace(chosen, **{field: value})
    return chosen


def _objective(config: Config, options: dict[str, Any]) -> Any:
    """Pop the objective's options from the others, and return the resulting objective."""
    name = options.pop("objective", None)
    if name is not None and not isinstance(name, str):
        return name
    chosen = config.objective
    if name is not None:
        cls = lookup("objective", OBJECTIVES, name)
        shared = {field.name: getattr(chosen, field.name) for field in fields(Supervised)}
        chosen = chosen if isinstance(chosen, cls) else cls(**shared)
    for owner, cls in OBJECTIVES.items():
        for key in [field.name for field in fields(cls) if field.name in options]:
            if not hasattr(chosen, key):
                got = type(chosen).__name__.lower()
                raise ValueError(f"{key} belongs to the objective {owner}, got the objective {got}.")
            chosen = replace(chosen, **{key: options.pop(key)})
    return chosen

"""Completing and checking a configuration."""

from dataclasses import fields, replace

from neuralstack._connection_names import base_of, connection_from_name
from neuralstack._lookup import lookup
from neuralstack.controllers import CONTROLLERS
from neuralstack.tasks import PAIRS, TASKS, AbstractTask, Characters
from neuralstack.training._balanced_start import check_balanced_start
from neuralstack.training._bounds import check_bounds
from neuralstack.training._build import build_task, machine_skeleton, named_task
from neuralstack.training._config import Config, DataConfig
from neuralstack.training._controller_names import controller_from_name
from neuralstack.training._curriculum import AbstractCurriculum, Uniform, Warmup
from neuralstack.training._memory_names import memory_from_name
from neuralstack.training._network_names import check_network, network_from_name
from neuralstack.training._recipes import recipe_of
from neuralstack.training._room import check_memory_size


def complete(config: Config) -> Config:
    """Check a configuration and fill in the fields that follow from others.

    Raises:
        ValueError: If a name is unknown, a number out of range, or the parts do not fit together; the message says
            which, and what is needed.

    Examples:
        >>> config = complete(Config("reversal"))
        >>> config.machine.connection, config.optimizer.learning_rate, config.curriculum, config.lengths
        ('layer', 0.01, Warmup(lengths=(8, 16, 32)), (8, 64))
    """
    check_bounds(config)
    check_names(config)
    task = named_task(config)
    check_data(config, task)
    if task.streams:
        config = _complete_stream(config, task)
    config = _complete_parts(config, streams=task.streams)
    low, high = task.train_lengths
    config = replace(
        config,
        min_length=low if config.min_length is None else config.min_length,
        max_length=high if config.max_length is None else config.max_length,
    )
    config = replace(config, curriculum=_curriculum_within(config))  # pyright: ignore[reportArgumentType]
    check_memory_size(config)
    task = build_task(config)
    skeleton = machine_skeleton(config.machine, task.vocab_size)
    config = replace(config, objective=config.objective.resolve(skeleton, task))
    if config.balanced_start:
        check_balanced_start(skeleton, task)
    if config.quantization is not None:
        if task.streams:
            raise ValueError("quantization begins once whole answers are right, but a text has none: leave it out.")
        config.quantization.check(skeleton)
    return config


def check_names(config: Config) -> None:
    """Check that all names are known.

    Raises:
        ValueError: If a name is unknown; the message lists the known ones and suggests the closest.
    """
    memory_from_name(config.machine.memory, config.machine.memory_dim)
    if (network := network_from_name(config.machine.controller)) is not None:
        check_network(config.machine, network)
    else:
        controller_from_name(config.machine.controller)
    if config.machine.connection is not None:
        connection_from_name(config.machine.connection)
    if config.machine.readout != "none":
        lookup("readout", CONTROLLERS, config.machine.readout)


def check_data(config: Config, task: AbstractTask) -> None:
    """Refuse the data of another task.

    Raises:
        ValueError: If there is any; the message names it and that task.
    """
    for field in fields(DataConfig):
        owner, suits = (PAIRS, config.task == PAIRS) if field.name == "pairs" else ("characters", task.streams)
        if not suits and getattr(config.data, field.name) != field.default:
            raise ValueError(f"{field.name} belongs to the task {owner}, got the task {config.task}.")


def _complete_stream(config: Config, task: AbstractTask) -> Config:
    """Complete the configuration of a stream, whose stretches all have the same length."""
    if config.curriculum not in (None, Uniform()) or config.min_length not in (None, config.max_length):
        raise ValueError(
            f"all stretches of a stream have the same length, but {config.task} was given a curriculum or two lengths: "
            "give only max_length."
        )
    if isinstance(task, Characters):
        config = replace(config, data=replace(config.data, alphabet=task.alphabet))
    return replace(config, min_length=config.max_length)


def _complete_parts(config: Config, *, streams: bool) -> Config:
    """Fill in the settings that the recipe gives, and the number of layers."""
    network, connection = network_from_name(config.machine.controller), config.machine.connection
    if network is None and connection is None:
        connection = "paper" if config.machine.memory == "none" else "skip" if streams else "layer"
    base = base_of(connection) if connection is not None else network.name if network else ""
    recipe = recipe_of(config.task, base, streams=streams, known=config.task in TASKS)
    num_layers = config.machine.num_layers or (network.option("num_layers") if network else 1)
    objective, stopping, optimizer = config.objective, config.stopping, config.optimizer
    if objective.binarization is None:
        objective = replace(objective, binarization=recipe.binarization)
    if stopping.restart_after is None:
        stopping = replace(stopping, restart_after=recipe.restart_after)
    if optimizer.learning_rate is None:
        optimizer = replace(optimizer, learning_rate=recipe.learning_rate)
    return replace(
        config,
        machine=replace(config.machine, connection=connection, num_layers=num_layers),
        objective=objective,
        curriculum=config.curriculum or (Warmup(recipe.warmup) if recipe.warmup else Uniform()),
        stopping=stopping,
        optimizer=optimizer,
    )


def _curriculum_within(config: Config) -> AbstractCurriculum:
    """Return the curriculum for a configuration's lengths, without the default warm-up lengths outside of them."""
    low, high = config.lengths
    if low > high:
        raise ValueError(f"min_length must not be above max_length, got {low} and {high}.")
    curriculum = config.curriculum
    if isinstance(curriculum, Warmup) and curriculum.lengths != Warmup().lengths:
        for length in curriculum.lengths:
            if not low <= length <= high:
                raise ValueError(f"lengths of a warm-up must lie between {low} and {high}, got {length}.")
    return curriculum.within((low, high)) if curriculum else Uniform()

"""From a configuration to the things it names."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from neuralstack._lookup import lookup
from neuralstack.controllers import CONTROLLERS, INPUT_SCALE, glorot
from neuralstack.machine import CONNECTIONS, Machine
from neuralstack.memories import AbstractMemory
from neuralstack.tasks import TASKS, AbstractTask, Characters
from neuralstack.tasks.language import characters_of
from neuralstack.training._batch import Heads
from neuralstack.training._config import BASELINES, CURRICULA, OBJECTIVES, RECIPES, STREAMS, Config
from neuralstack.training._memory_names import memory_from_name

WHOLE = ("finish", "patience", "restart_after", "seed", "forcing_steps", "halve_every", "pull_after", "noise_after")
AT_LEAST_ONE = (
    "hidden", "layers", "width", "batch", "steps", "min_length", "max_length", "grow_over", "evaluate_every", "carry"
)  # fmt: skip
NOT_NEGATIVE = (
    "finish",
    "pull_after",
    "noise",
    "noise_after",
    "halve_every",
    "patience",
    "restart_after",
    "seed",
    "pull",
    "forcing",
    "forcing_steps",
    "entropy",
    "autoencode",
)
POSITIVE = ("learning_rate", "clip")
LARGEST = 10**6  # beyond any machine's memory or anybody's patience, and well within 32 bits


def complete(config: Config) -> Config:
    """Check the options of a run and fill in those that follow from others.

    Raises:
        ValueError: If a name is unknown or a number impossible; it says which, and what is needed.

    Examples:
        >>> config = complete(Config("reversal"))
        >>> config.connection, config.learning_rate, config.first_lengths, config.lengths
        ('layer', 0.01, (8, 16, 32), (8, 64))
    """
    task = lookup("task", TASKS, config.task)
    memory_from_name(config.memory, max(config.width, 1))
    lookup("controller", CONTROLLERS, config.controller)
    streams = task().streams
    connection = config.connection or ("paper" if config.memory == "none" else "skip" if streams else "layer")
    lookup("connection", CONNECTIONS, connection)
    for kind, known in (("objective", OBJECTIVES), ("baseline", BASELINES), ("curriculum", CURRICULA)):
        lookup(kind, dict.fromkeys(known), getattr(config, kind))
    if streams and config.min_length is None:
        config = replace(config, min_length=config.max_length)  # stretches are all of one length
    low, high = task().train_lengths
    defaults: dict[str, Any] = {
        "connection": connection,
        "min_length": low,
        "max_length": high,
        **RECIPES[connection]._asdict(),
    }
    if streams:
        defaults |= STREAMS
        config = replace(config, alphabet=config.alphabet or characters_of(config.text))
    elif config.text or config.alphabet:
        raise ValueError(f"a text and its alphabet belong to the task characters, got the task {config.task}.")
    filled = replace(config, **{name: value for name, value in defaults.items() if getattr(config, name) is None})
    if streams and (filled.curriculum != "first" or filled.first_lengths or len(set(filled.lengths)) > 1):
        raise ValueError(
            f"stretches of a stream are all of one length, but {config.task} was given a curriculum or two lengths: "
            "give --max-length alone."
        )
    if config.curriculum != "first":
        if config.first_lengths:
            raise ValueError(f"first_lengths belong to the curriculum first, got curriculum={config.curriculum}.")
        filled = replace(filled, first_lengths=())
    if config.first_lengths is None and filled.first_lengths:
        low, high = filled.lengths
        filled = replace(filled, first_lengths=tuple(n for n in filled.first_lengths if low <= n <= high))
    check(filled)
    return filled


def check(config: Config) -> None:
    """Refuse numbers that no run can have.

    Raises:
        ValueError: If there is one.
    """
    lengths = [("first_lengths", length) for length in config.first_lengths or ()]
    for name, value in [(name, getattr(config, name)) for name in (*AT_LEAST_ONE, *WHOLE)] + lengths:
        if not isinstance(value, int):
            raise ValueError(f"{name} must be a whole number, got {value!r}.")
    for name in AT_LEAST_ONE:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(config, name)}.")
        if getattr(config, name) > LARGEST:
            raise ValueError(f"{name} must be at most {LARGEST}, got {getattr(config, name)}.")
    for name in NOT_NEGATIVE:
        if not 0 <= getattr(config, name) < float("inf"):
            raise ValueError(f"{name} must not be negative, got {getattr(config, name)}.")
    for name in POSITIVE:
        if not 0 < getattr(config, name) < float("inf"):
            raise ValueError(f"{name} must be a positive number, got {getattr(config, name)}.")
    if config.seed >= 2**31:
        raise ValueError(f"seed must be below 2**31, got {config.seed}.")
    low, high = config.lengths
    if low > high:
        raise ValueError(f"min_length must not be above max_length, got {low} and {high}.")
    for name, length in lengths:
        if not low <= length <= high:
            raise ValueError(f"{name} must lie between {low} and {high}, got {length}.")
    if config.forcing > 1:
        raise ValueError(f"forcing is a probability, at most 1, got {config.forcing}.")
    check_objective(config)
    machine_skeleton(config)


def check_objective(config: Config) -> None:
    """Refuse an objective that makes no sense for the memory or the task.

    Raises:
        ValueError: If it does not.
    """
    memory = build_memory(config)
    raw, gates = jnp.zeros(memory.action_size), jnp.zeros(sum(memory.gate_widths))
    if config.objective == "reinforce":
        jax.eval_shape(memory.sample, raw, gates)
    if config.objective == "traces":
        jax.eval_shape(build_task(config).strengths, jnp.array(1))
        jax.eval_shape(lambda raw: memory.impose(memory.decode(raw), jnp.zeros(2)), raw)


def build_task(config: Config) -> AbstractTask:
    """Return the task, with room for the longest source to train on."""
    longest = config.lengths[1]
    if TASKS[config.task] is Characters:
        return Characters(longest, config.text, config.alphabet)
    return TASKS[config.task](max_length=longest)


def build_memory(config: Config) -> AbstractMemory:
    """Return the memory, or all of them side by side where several names are joined by a plus."""
    return memory_from_name(config.memory, config.width)


def build_machine(config: Config, key: jax.Array) -> Machine:
    """Return a machine with its first weights."""
    connection = config.connection or "layer"
    controller = CONTROLLERS[config.controller](
        config.width,
        config.hidden,
        num_layers=config.layers,
        input_scale=1.0 if connection == "paper" else INPUT_SCALE,
        key=jax.random.split(key, 6)[1],  # the one that the machine leaves
    )
    return Machine(controller, build_memory(config), build_task(config).vocab_size, connection=connection, key=key)


def build_heads(config: Config, key: jax.Array) -> Heads:
    """Return what is learned beside the machine."""
    reinforced = config.objective == "reinforce"
    return Heads(
        reconstructor=glorot(key, config.hidden, config.width) if config.autoencode else None,
        running=jnp.zeros(build_task(config).steps) if reinforced and config.baseline == "running" else None,
        learned=jnp.zeros(config.hidden + 1) if reinforced and config.baseline == "learned" else None,
    )


def machine_skeleton(config: Config) -> Machine:
    """Return the machine's shapes, without drawing weights."""
    return jax.eval_shape(lambda key: build_machine(config, key), jax.random.key(0))

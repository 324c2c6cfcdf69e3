"""Construction of the objects that a configuration names."""

from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array

from neuralstack._connection_names import connection_from_name
from neuralstack._lookup import lookup
from neuralstack.controllers import CONTROLLERS, INPUT_SCALE
from neuralstack.machine import CONNECTIONS, NETWORKS, Machine, Transformer
from neuralstack.memories import AbstractMemory
from neuralstack.tasks import TASKS, AbstractTask, Characters, task_from_name
from neuralstack.training._balanced_start import balanced_start
from neuralstack.training._config import Config, MachineConfig
from neuralstack.training._controller_names import as_constructor, controller_from_name, make_controller
from neuralstack.training._curriculum import Uniform
from neuralstack.training._memory_names import as_memory, memory_from_name
from neuralstack.training._network_names import network_from_name
from neuralstack.training._optimizer import clipped_adam, with_learning_rate
from neuralstack.training._step import StepSpec, TrainState, init_state, join_model, split_model


def build_task(config: Config) -> AbstractTask:
    """Return the task, with room for the longest source to train on."""
    return named_task(config, config.lengths[1])


def named_task(config: Config, max_length: int | None = None) -> AbstractTask:
    """Return the task of a configuration, which need not be complete.

    Raises:
        ValueError: If there is no such task, or its data cannot be read.
    """
    if TASKS.get(config.task) is Characters:
        sizes: dict[str, Any] = {} if max_length is None else {"max_length": max_length}
        data = config.data
        return Characters(text=data.text, alphabet=data.alphabet, encoding=data.text_encoding, **sizes)
    return task_from_name(config.task, TASKS, max_length, data=config.data.pairs)


def build_memory(config: MachineConfig) -> AbstractMemory:
    """Return the memory; several names joined by plus signs give memories side by side."""
    return memory_from_name(config.memory, config.memory_dim)


def build_machine(
    config: MachineConfig, vocab_size: int, key: Array, *, memory: Any = None, controller: Any = None
) -> Machine | Transformer:
    """Return a machine, or the network in its place, with initial weights.

    Args:
        config: The names and sizes of its parts.
        vocab_size: Number of tokens in the vocabulary.
        key: Random key for the weights.
        memory: A memory, or a class or function that makes one, in place of the one named in `config`.
        controller: A controller, likewise.

    Raises:
        ValueError: If a part is unknown or cannot be made.
    """
    built = build_memory(config) if memory is None else as_memory(memory, config.memory_dim, config.memory)
    if controller is None and (network := network_from_name(config.controller)) is not None:
        return _build_network(NETWORKS[network.name], network.arguments(config, built), vocab_size, key)
    connection = connection_from_name(config.connection or "layer")
    makes = controller_from_name(config.controller) if controller is None else as_constructor(controller)
    sizes = config.memory_dim, config.hidden_dim, config.num_layers or 1
    readout = None if config.readout == "none" else lookup("readout", CONTROLLERS, config.readout)
    return _build_machine(built, makes, readout, *sizes, connection, vocab_size, key)


@eqx.filter_jit  # cached by the objects, not by their names, whose meaning may change
def _build_machine(memory, controller, readout, memory_dim, hidden_dim, num_layers, connection, vocab_size, key):
    built = make_controller(
        controller,
        memory_dim,
        hidden_dim,
        num_layers=num_layers,
        input_scale=1.0 if connection == CONNECTIONS["paper"] else INPUT_SCALE,
        key=jax.random.split(key, 6)[1],  # the one that `Machine` leaves unused
    )
    sizes = {"num_layers": 1, "input_scale": INPUT_SCALE, "key": jax.random.fold_in(key, 8)}
    after = None if readout is None else make_controller(readout, hidden_dim, hidden_dim, **sizes)
    return Machine(built, memory, vocab_size, connection=connection, readout=after, key=key)


@eqx.filter_jit
def _build_network(kind, arguments, vocab_size, key):
    return kind(vocab_size, **arguments, key=key)


def machine_skeleton(
    config: MachineConfig, vocab_size: int, *, memory: Any = None, controller: Any = None
) -> Machine | Transformer:
    """Return a machine's shapes without drawing weights; its parts may be given as objects (see `build_machine`)."""
    build = partial(build_machine, config, vocab_size, memory=memory, controller=controller)
    return eqx.filter_eval_shape(build, jax.random.key(0))


def step_spec(config: Config) -> StepSpec:
    """Return the specification of the compiled training step for a complete configuration."""
    task, settings = build_task(config), config.optimizer
    return StepSpec(
        task=task,
        objective=config.objective,
        curriculum=config.curriculum or Uniform(),
        # The learning rate is part of the state, so that runs that differ in it share one program.
        optimizer=clipped_adam(1.0, settings.max_grad_norm, settings.learning_rate_half_life, settings.epsilon),
        batch_size=config.batch_size,
        min_length=config.lengths[0],
        state_reset_every=config.state_reset_every,
        quantization=config.quantization,
        structure=split_model(machine_skeleton(config.machine, task.vocab_size))[1],
    )


def begin(config: Config, attempt: int = 0, step: int = 0) -> TrainState:
    """Return the state at the start of an attempt; the weights depend on the run's seed and the attempt's number."""
    spec, key = step_spec(config), jax.random.key(config.seed)
    draw_key = jax.random.fold_in(jax.random.fold_in(key, attempt), 0)
    machine: Any = build_machine(config.machine, spec.task.vocab_size, draw_key)
    if config.balanced_start:
        machine = balanced_start(machine, spec.task, key=jax.random.fold_in(draw_key, 9))
    return start_from(config, machine, attempt=attempt, step=step)


def untrained_machine(config: Config) -> Machine | Transformer:
    """Return the machine of a run before training."""
    return join_model(begin(config).model, step_spec(config).structure)


def start_from(config: Config, machine: Machine | Transformer, *, attempt: int = 0, step: int = 0) -> TrainState:
    """Return the state at the start of an attempt that starts from the weights of a machine."""
    spec, key = step_spec(config), jax.random.key(config.seed)
    state = init_state(split_model(machine)[0], spec, key, attempt=attempt, step=step)
    return replace(state, optimizer=with_learning_rate(state.optimizer, config.optimizer.learning_rate or 0.0))

"""One compiled program for training: it draws its own batches and steps until told to stop, or until it is ill."""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask, Characters
from neuralstack.training._batch import Batch, Heads, Weights
from neuralstack.training._build import build_heads, build_machine, build_task
from neuralstack.training._config import Config
from neuralstack.training._objectives import objective

HEALTHY, NOT_FINITE, VANISHED = 0, 1, 2
WARMED_UP_AFTER = 5  # batches in a row that are all right
VANISHING_NORM = 1e-10


class StepSpec(NamedTuple):
    """What the compiled program depends on: runs that differ in nothing else share one compilation."""

    task: AbstractTask
    batch: int
    clip: float
    objective: str
    weights: Weights
    forcing: float
    forcing_steps: int
    min_length: int
    curriculum: str
    first_lengths: tuple[int, ...]
    grow_over: int
    carry: int
    halve_every: int
    pull_after: int
    noise_after: int

    @classmethod
    def of(cls, config: Config) -> "StepSpec":
        """Return the program of a complete configuration."""
        values = {name: getattr(config, name) for name in cls._fields if name not in ("task", "weights")}
        weights = Weights(config.pull or 0.0, config.autoencode, config.entropy, config.noise)
        return cls(task=build_task(config), weights=weights, **values)

    def optimizer(self) -> optax.GradientTransformation:
        """Return Adam (Kingma & Ba, 2015) of rate 1 after clipping the gradient's norm; each state has its own rate."""
        return optax.chain(optax.clip_by_global_norm(self.clip), optax.scale_by_adam())


class TrainState(eqx.Module):
    """All that training changes: what a checkpoint holds, and what resuming needs."""

    machine: Machine
    heads: Heads
    carried: Any
    """The controllers' states at the end of the last batch, where sources are stretches of a stream; else None."""
    optimizer: Any
    learning_rate: Float[Array, ""]
    seed: Int[Array, ""]
    attempt: Int[Array, ""]
    """How often training has started anew."""
    attempt_start: Int[Array, ""]
    """The step at which this attempt began."""
    step: Int[Array, ""]
    """Batches trained on, those of all attempts together."""
    perfect_batches: Int[Array, ""]
    """Batches in a row that were all right, at these lengths."""
    warmed_up: Bool[Array, ""]
    """Whether this attempt has left its first lengths."""
    longest: Int[Array, ""]
    """The longest source to draw, in the curriculum that grows by success."""
    num_accumulated: Int[Array, ""]
    """Batches since the last evaluation; `loss` and `accuracy` are sums over them."""
    loss: Float[Array, ""]
    accuracy: Float[Array, ""]
    failure: Int[Array, ""]
    """Why training cannot go on, if it cannot; the weights are then those before the step that failed."""


def begin(config: Config, attempt: int = 0, step: int = 0) -> TrainState:
    """Return the state at the start of an attempt; its weights follow from the run's seed and the attempt's number."""
    key = attempt_key(jnp.asarray(config.seed), jnp.asarray(attempt))
    build = jax.jit(build_learners, static_argnums=0)
    machine, heads, optimizer = build(shape_of(config), jax.random.fold_in(key, 0))
    zero, now = jnp.zeros((), jnp.int32), jnp.asarray(step, jnp.int32)
    return TrainState(
        machine=machine,
        heads=heads,
        carried=jax.tree.map(jnp.array, machine.init_controller(config.batch)) if build_task(config).streams else None,
        optimizer=optimizer,
        learning_rate=jnp.asarray(config.learning_rate, jnp.float32),
        seed=jnp.asarray(config.seed, jnp.int32),
        attempt=jnp.asarray(attempt, jnp.int32),
        attempt_start=now,
        step=now,
        perfect_batches=zero,
        warmed_up=jnp.asarray(not config.first_lengths and config.curriculum != "success"),
        longest=jnp.asarray(config.lengths[0], jnp.int32),
        num_accumulated=zero,
        loss=jnp.zeros(()),
        accuracy=jnp.zeros(()),
        failure=zero,
    )


def build_learners(config: Config, key: Array) -> tuple[Machine, Heads, Any]:
    """Return a machine and what is learned beside it, with their first weights, and the optimizer's first state."""
    learners: Any = build_machine(config, key), build_heads(config, jax.random.fold_in(key, 0))
    return *learners, StepSpec.of(config).optimizer().init(learners)


def shape_of(config: Config) -> Config:
    """Return the configuration without what its machine's shapes do not depend on: what compilations can share."""
    default = Config(config.task)
    sizes = ("hidden", "layers", "width", "min_length", "max_length")
    kept = ("memory", "controller", "connection", "objective", "baseline", "text", "alphabet", *sizes)
    autoencode = float(config.autoencode > 0)
    return replace(default, autoencode=autoencode, **{name: getattr(config, name) for name in kept})


def attempt_key(seed: Int[Array, ""], attempt: Int[Array, ""]) -> Array:
    """Return the key from which everything random in an attempt follows."""
    return jax.random.fold_in(jax.random.key(seed), attempt)


@partial(jax.jit, static_argnames="program")
def train_until(state: TrainState, program: StepSpec, until: Int[Array, ""] | int) -> TrainState:
    """Train until step `until`, or until the loss or a gradient is ill."""
    return jax.lax.while_loop(
        lambda state: (state.step < until) & (state.failure == HEALTHY), lambda state: train_step(state, program), state
    )


def train_step(state: TrainState, program: StepSpec) -> TrainState:
    """Draw one batch and take one step on it; a step that went wrong leaves weights and optimizer as they were."""
    key = step_key(state)
    batch = draw_batch(state, program, key)
    weights = weights_now(program, state.step - state.attempt_start)

    def loss_of(learners):
        machine, heads = learners
        return objective(program.objective, machine, heads, batch, weights, jax.random.fold_in(key, 0))

    learners = state.machine, state.heads
    (_, (loss, right, carried)), gradient = jax.value_and_grad(loss_of, has_aux=True)(learners)
    norm = optax.tree.norm(gradient)
    # What learns is the controller: the bias of the answer has a gradient even where nothing else can be reached.
    vanished = (optax.tree.norm(gradient[0].controller) < VANISHING_NORM) & (right < 1)
    finite = jnp.isfinite(loss) & jnp.isfinite(norm)
    failure = jnp.select([~finite, vanished], [NOT_FINITE, VANISHED], HEALTHY).astype(jnp.int32)
    updates, optimizer = program.optimizer().update(gradient, state.optimizer)
    rate = state.learning_rate
    if program.halve_every:
        rate *= 0.5 ** ((state.step - state.attempt_start) / program.halve_every)
    updates = jax.tree.map(lambda update: -rate * update, updates)
    (machine, heads), optimizer, carried = jax.tree.map(
        lambda new, old: jnp.where(failure == HEALTHY, new, old),
        (eqx.apply_updates(learners, updates), optimizer, carried),
        (learners, state.optimizer, state.carried),
    )
    perfect_batches = jnp.where(right == 1, state.perfect_batches + 1, 0)
    succeeded = perfect_batches >= WARMED_UP_AFTER
    if program.curriculum == "success":
        perfect_batches = jnp.where(succeeded, 0, perfect_batches)
    return TrainState(
        machine=machine,
        heads=heads,
        carried=carried,
        optimizer=optimizer,
        learning_rate=state.learning_rate,
        seed=state.seed,
        attempt=state.attempt,
        attempt_start=state.attempt_start,
        step=state.step + (failure == HEALTHY),
        perfect_batches=perfect_batches,
        warmed_up=state.warmed_up | succeeded,
        longest=jnp.minimum(state.longest + succeeded, program.task.max_length),
        num_accumulated=state.num_accumulated + 1,
        loss=state.loss + loss,
        accuracy=state.accuracy + right,
        failure=failure,
    )


def weights_now(program: StepSpec, taken: Int[Array, ""]) -> Weights:
    """Return how much each part of the objective counts after `taken` steps: the pull and the noise may begin later."""
    weights, starts = program.weights, {"pull": program.pull_after, "noise": program.noise_after}
    later = {name: after for name, after in starts.items() if after and getattr(weights, name)}
    return weights._replace(**{name: getattr(weights, name) * (taken >= after) for name, after in later.items()})


def step_key(state: TrainState) -> Array:
    """Return the key of a step: that of the attempt with the step folded in, so that a resumed run draws the same."""
    return jax.random.fold_in(attempt_key(state.seed, state.attempt), 1 + state.step)


def draw_batch(state: TrainState, program: StepSpec, key: Array) -> Batch:
    """Draw the batch of the state's step."""
    if isinstance(program.task, Characters):
        return draw_stretches(state, program, program.task)
    *length_keys, example_key = jax.random.split(key, 3)
    task, lengths = program.task, draw_lengths(state, program, *length_keys)
    example = jax.vmap(task.sample, out_axes=1)(jax.random.split(example_key, program.batch), lengths)
    strengths = jax.vmap(task.strengths, out_axes=1)(lengths) if program.objective == "traces" else None
    decayed = jnp.minimum(state.step / program.forcing_steps, 1) if program.forcing_steps else 0.0
    return Batch(example, task.used_steps(lengths.max()), strengths, jnp.asarray(program.forcing * (1 - decayed)))


def draw_stretches(state: TrainState, program: StepSpec, task: Characters) -> Batch:
    """Draw the stretches of the state's step: those that follow the last ones, or, after `carry` symbols, new ones."""
    stride = task.max_length  # the last symbol of a stretch is the first of the next one
    in_row = max(1, min(program.carry, task.size - 1) // stride)
    row, place = jnp.divmod(state.step - state.attempt_start, in_row)
    key = jax.random.fold_in(attempt_key(state.seed, state.attempt), 1 + state.attempt_start + row)
    starts = jax.random.randint(key, (program.batch,), 0, task.size - in_row * stride) + place * stride
    pairs = jax.vmap(lambda start: task.stretch(start, task.max_length))(starts)
    example = jax.vmap(lambda pair: task.format.format_pair(pair, task.scored(pair)), out_axes=1)(pairs)
    return Batch(example, jnp.asarray(stride), None, jnp.asarray(0.0), state.carried, place == 0)


def draw_lengths(state: TrainState, program: StepSpec, first_key: Array, all_key: Array) -> Int[Array, " batch"]:
    """Draw the lengths of a batch's sources, as the curriculum says."""
    low, high = program.min_length, program.task.max_length
    if program.curriculum == "growing":
        taken = (state.step - state.attempt_start) / program.grow_over
        high = low + jnp.floor((high - low) * jnp.minimum(taken, 1)).astype(int)
    if program.curriculum == "success":
        high = state.longest
    lengths = jax.random.randint(all_key, (program.batch,), low, high + 1)
    if not program.first_lengths:
        return lengths
    first = jax.random.choice(first_key, jnp.array(program.first_lengths), (program.batch,))
    return jnp.where(state.warmed_up, lengths, first)

"""The compiled training step, which draws its own batch, and the loop that stops at an unhealthy loss or gradient."""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from neuralstack.machine import Machine, QuantizationNoise, quantized
from neuralstack.tasks import AbstractTask
from neuralstack.training._curriculum import AbstractCurriculum, CurriculumState
from neuralstack.training._draw import draw_examples, draw_stream
from neuralstack.training._quantization import Quantization, QuantizationState
from neuralstack.training._shards import Shards
from neuralstack.training.objectives import AbstractObjective, Batch, BatchResult, Heads

HEALTHY, NOT_FINITE, VANISHED = 0, 1, 2
VANISHING_NORM = 1e-10


class StepSpec(NamedTuple):
    """Everything that the compiled training step depends on; runs with the same specification share one compilation."""

    task: AbstractTask
    objective: AbstractObjective
    curriculum: AbstractCurriculum
    optimizer: optax.GradientTransformation
    batch_size: int
    min_length: int
    state_reset_every: int
    quantization: Quantization | None
    structure: tuple[Any, Any]
    """The parts of the model that are not arrays (see `split_model`)."""
    shards: Shards | None = None
    """The shares of each batch, if it is spread over devices."""

    @property
    def bounds(self) -> tuple[int, int]:
        """The shortest and the longest source."""
        return self.min_length, self.task.max_length


class TrainState(eqx.Module):
    """Everything that training changes: the content of a checkpoint, sufficient to resume."""

    model: Any
    """The arrays of the model being trained; a `Machine` consists of arrays alone."""
    heads: Heads
    objective_state: Any
    carried: Any
    """The controllers' states at the end of the last batch if sources are stretches of a stream; otherwise None."""
    optimizer: Any
    key: Array
    """Random key from which everything is drawn."""
    attempt: Int[Array, ""]
    """Number of restarts before this attempt."""
    attempt_start: Int[Array, ""]
    """The step at which this attempt started."""
    step: Int[Array, ""]
    """Batches trained on, in all attempts together."""
    curriculum: CurriculumState
    quantization: QuantizationState | None
    """The progress of the finishing phase, if there is one."""
    num_accumulated: Int[Array, ""]
    """Batches since the last evaluation; `loss` and `accuracy` are sums over them."""
    loss: Float[Array, ""]
    accuracy: Float[Array, ""]
    failure: Int[Array, ""]
    """The reason why training cannot continue, or 0; after a failed step, the weights are those before it."""

    @property
    def attempt_step(self) -> Int[Array, ""]:
        """Batches trained on in this attempt."""
        return self.step - self.attempt_start


def split_model(model: Any) -> tuple[Any, tuple[Any, Any]]:
    """Split a model into its arrays (or their shapes) and a hashable description of the rest."""
    arrays, rest = eqx.partition(model, lambda leaf: eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct))
    leaves, treedef = jax.tree.flatten(rest)
    return arrays, (tuple(leaves), treedef)


def join_model(arrays: Any, structure: tuple[Any, Any]) -> Any:
    """Recombine the parts of a model that was split by `split_model`."""
    leaves, treedef = structure
    return eqx.combine(arrays, jax.tree.unflatten(treedef, leaves))


def init_state(
    arrays: Any, spec: StepSpec, key: Array, *, attempt: Int[Array, ""] | int = 0, step: Int[Array, ""] | int = 0
) -> TrainState:
    """Return the state before the first batch of an attempt, given the arrays of a model."""
    return _init_state(arrays, spec, key, jnp.asarray(attempt, jnp.int32), jnp.asarray(step, jnp.int32))


@partial(jax.jit, static_argnames="spec")
def _init_state(arrays, spec, key, attempt, step):
    model = join_model(arrays, spec.structure)
    head_key = jax.random.fold_in(jax.random.fold_in(jax.random.fold_in(key, attempt), 0), 0)
    heads, objective_state = spec.objective.init(model, spec.task, head_key)
    zero = jnp.zeros((), jnp.int32)
    return TrainState(
        model=arrays,
        heads=heads,
        objective_state=objective_state,
        carried=model.init_controller(spec.batch_size) if spec.task.streams and isinstance(model, Machine) else None,
        optimizer=spec.optimizer.init((eqx.filter(model, eqx.is_inexact_array), heads)),
        key=key,
        attempt=attempt,
        attempt_start=step,
        step=step,
        curriculum=spec.curriculum.init(spec.bounds),
        quantization=None if spec.quantization is None else spec.quantization.init(),
        num_accumulated=zero,
        loss=jnp.zeros(()),
        accuracy=jnp.zeros(()),
        failure=zero,
    )


@partial(jax.jit, static_argnames="spec")
def train_until(state: TrainState, spec: StepSpec, until: Int[Array, ""] | int) -> TrainState:
    """Train up to step `until`, or until the loss or its gradient is not healthy."""
    return jax.lax.while_loop(
        lambda state: (state.step < until) & (state.failure == HEALTHY), lambda state: train_step(state, spec), state
    )


def train_step(state: TrainState, spec: StepSpec) -> TrainState:
    """Draw a batch and take one step on it; a step that fails leaves the weights and the optimizer unchanged."""
    key = step_key(state)
    batch = draw_batch(state, spec, key)
    weights, others = eqx.partition(state.model, eqx.is_inexact_array)

    def loss_of(learners):
        weights, heads = learners
        model = join_model(eqx.combine(weights, others), spec.structure)
        return spec.objective.loss(model, heads, state.objective_state, batch, jax.random.fold_in(key, 0))

    learners = weights, state.heads
    (_, result), gradient = jax.value_and_grad(loss_of, has_aux=True)(learners)
    if spec.shards is not None:
        loss, accuracy, gradient = spec.shards.average((result.loss, result.accuracy, gradient))
        result = result._replace(loss=loss, accuracy=accuracy)
    failure, sound = diagnose(result, gradient), True
    if state.quantization is not None:  # straight-through gradients explode now and then: such a step is skipped
        sound = failure != NOT_FINITE
        failure = jnp.where(jnp.isfinite(result.loss) & ~sound, HEALTHY, failure)
    updates, optimizer = spec.optimizer.update(gradient, state.optimizer, learners)  # pyright: ignore[reportArgumentType]
    (weights, heads), optimizer, carried, objective_state = jax.tree.map(
        lambda new, old: jnp.where((failure == HEALTHY) & sound, new, old).astype(old.dtype),
        (eqx.apply_updates(learners, updates), optimizer, result.carried, result.state),
        (learners, state.optimizer, state.carried, state.objective_state),
    )
    return replace(
        state,
        model=eqx.combine(weights, others),
        heads=heads,
        objective_state=objective_state,
        carried=carried,
        optimizer=optimizer,
        step=state.step + (failure == HEALTHY),
        curriculum=(curriculum := spec.curriculum.update(state.curriculum, result.accuracy, spec.bounds)),
        quantization=quantization_after(state, spec, result, curriculum),
        num_accumulated=state.num_accumulated + 1,
        loss=state.loss + result.loss.astype(state.loss.dtype),
        accuracy=state.accuracy + result.accuracy.astype(state.accuracy.dtype),
        failure=failure,
    )


def quantization_after(
    state: TrainState, spec: StepSpec, result: BatchResult, curriculum: CurriculumState
) -> QuantizationState | None:
    """Return the progress of the finishing phase after a batch."""
    if spec.quantization is None or state.quantization is None:
        return None
    return spec.quantization.update(state.quantization, result.accuracy, curriculum.warmed_up)


def diagnose(result: BatchResult, gradient: Any) -> Int[Array, ""]:
    """Return whether a step is healthy: the loss and its gradient are finite, and the gradient has not vanished."""
    weights, _ = gradient
    # Check the controller: the output's bias has a gradient even if no gradient reaches anything else.
    learning = weights.controller if isinstance(weights, Machine) else weights
    vanished = (optax.tree.norm(learning) < VANISHING_NORM) & (result.accuracy < 1)
    finite = jnp.isfinite(result.loss) & jnp.isfinite(optax.tree.norm(gradient))
    return jnp.select([~finite, vanished], [NOT_FINITE, VANISHED], HEALTHY).astype(jnp.int32)


def step_key(state: TrainState) -> Array:
    """Return the random key of a step: the attempt's with the step folded in, so that a resumed run draws the same."""
    return jax.random.fold_in(attempt_key(state), 1 + state.step)


def attempt_key(state: TrainState) -> Array:
    """Return the random key from which everything in an attempt is drawn."""
    return jax.random.fold_in(state.key, state.attempt)


def draw_batch(state: TrainState, spec: StepSpec, key: Array) -> Batch:
    """Draw the batch of the current step."""
    if spec.task.streams:
        position = state.attempt_step, state.attempt_start, attempt_key(state)
        sizes = spec.batch_size, spec.state_reset_every
        return draw_stream(spec.task, state.carried, *position, *sizes, spec.shards)  # pyright: ignore[reportArgumentType]
    progress = spec.curriculum, state.curriculum, state.attempt_step
    batch = draw_examples(spec.task, *progress, key, spec.batch_size, spec.bounds, spec.shards)
    if spec.quantization is None or state.quantization is None:
        return batch
    probability = spec.quantization.probability(state.quantization)
    draw_rows = None if spec.shards is None else spec.shards.drawn
    noise = QuantizationNoise(probability, jax.random.fold_in(key, 2), spec.quantization.dither, draw_rows)
    return replace(batch, quantization=noise)


def to_evaluate(state: TrainState, spec: StepSpec) -> Any:
    """Return the model to evaluate: the machine with everything rounded once the finishing phase has begun."""
    model = join_model(state.model, spec.structure)
    return quantized(model) if is_finishing(state) else model


def is_finishing(state: TrainState) -> bool:
    """Return whether the finishing phase has begun."""
    return state.quantization is not None and int(state.quantization.level) > 0


def reset_means(state: TrainState) -> TrainState:
    """Return the state with nothing accumulated, as after an evaluation."""
    zeros = {name: jnp.zeros_like(getattr(state, name)) for name in ("num_accumulated", "loss", "accuracy")}
    return replace(state, **zeros)

"""Training as a function of objects: any module, any task, any optimizer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import optax
from jaxtyping import PRNGKeyArray

from neuralstack._arguments import require_object
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask
from neuralstack.training._arguments import check_objects
from neuralstack.training._callbacks import Callbacks
from neuralstack.training._curriculum import AbstractCurriculum, Uniform, Warmup
from neuralstack.training._history import History
from neuralstack.training._measure import measure_of, training_means
from neuralstack.training._optimizer import clipped_adam
from neuralstack.training._quantization import Quantization
from neuralstack.training._step import (
    HEALTHY,
    NOT_FINITE,
    StepSpec,
    TrainState,
    init_state,
    join_model,
    reset_means,
    split_model,
    to_evaluate,
    train_until,
)  # fmt: skip
from neuralstack.training._stopping import Record, Stopping, rank
from neuralstack.training._text_record import pinned_task
from neuralstack.training.objectives import AbstractObjective, Supervised


class Fitted(NamedTuple):
    """A trained model and the evaluations made during training."""

    machine: Any
    """The model with the weights that did best on the validation set; rounded, if it was evaluated so."""
    history: History
    """One record per evaluation."""

    def __repr__(self) -> str:
        return f"Fitted(machine={type(self.machine).__name__}(...), history={self.history!r})"

    def _repr_html_(self) -> str:
        return self.history._repr_html_()


def fit(
    model: Any,
    task: AbstractTask,
    *,
    objective: AbstractObjective | None = None,
    curriculum: AbstractCurriculum | None = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int = 50,
    max_steps: int = 3000,
    lengths: tuple[int, int] | None = None,
    evaluate_every: int = 50,
    stopping: Stopping | None = None,
    quantization: Quantization | None = None,
    state_reset_every: int = 5000,
    key: PRNGKeyArray,
    progress: Callable[[Record], None] | None = None,
    callbacks: Sequence[Any] = (),
) -> Fitted:
    """Train a model on a task.

    Args:
        model: A `Machine`, or any module that maps the tokens `[steps]` of one sequence to logits `[steps, vocab]`; its
            floating-point arrays are trained. It is batched by `vmap`.
        task: The task.
        objective: The loss. Defaults to `Supervised()`.
        curriculum: The rule for the lengths of the sources. Defaults to `Warmup()` for a machine whose answer depends
            on what its memory reads, and to `Uniform()` for other models.
        optimizer: Any Optax optimizer. Defaults to `clipped_adam(1e-2)`: Adam with gradients clipped to norm 1.
        batch_size: Number of sequences in a batch.
        max_steps: Maximum number of batches to train on.
        lengths: The shortest and the longest source to train and validate on. Defaults to the task's own.
        evaluate_every: Batches between evaluations on the validation set.
        stopping: The rule for stopping early. Defaults to `Stopping()`: after 4 perfect evaluations in a row.
        quantization: A finishing phase that rounds states, gates and values, for a `Machine`. Defaults to none.
        state_reset_every: Symbols of a stream after which the controller's state is reset (truncated backpropagation
            through time).
        key: Random key for everything that is drawn. Training starts from the model's current weights.
        progress: Called with the record of each evaluation.
        callbacks: Objects that follow the training, such as `ns.TensorBoard("curves")`: see `Callback`.

    Returns:
        The model with the weights that did best on the validation set, and the history of evaluations.

    Raises:
        TypeError: If an argument is not an object of the required type.
        ValueError: If a number is out of range, the model's logits or the objective do not fit the task, or the model
            cannot be quantized.
        FloatingPointError: If the loss or its gradient is not finite, or the gradient vanishes.

    Examples:
        >>> import jax, neuralstack as ns
        >>> key = jax.random.key(0)
        >>> task = ns.Reversal(max_length=4)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> fitted = ns.fit(machine, task, lengths=(1, 4), batch_size=2, max_steps=4, key=key)
        >>> fitted.history.column("step")
        [4]
    """
    require_object("task", task, AbstractTask, "ns.Reversal()")
    followed, bounds = Callbacks(callbacks), check_sizes(task, lengths, batch_size, max_steps, evaluate_every)
    task = replace(task, max_length=bounds[1])
    spec, state = prepare(
        model, task, objective=objective, curriculum=curriculum, optimizer=optimizer, batch_size=batch_size,
        min_length=bounds[0], state_reset_every=state_reset_every, quantization=quantization, key=key,
    )  # fmt: skip
    stopping, measure = stopping or Stopping(), measure_of(task, bounds)
    best, records = join_model(state.model, spec.structure), []
    with followed.follow(None):
        while int(state.step) < max_steps and not stopping.is_over(records, int(state.step)):
            step = int(state.step)
            state = train_until(state, spec, np.int32(min(step - step % evaluate_every + evaluate_every, max_steps)))
            require_healthy(state)
            trained = to_evaluate(state, spec)
            record = {**training_means(state), "validation": measure(trained)}
            if not any(rank(other) > rank(record) for other in records):
                best = trained
            records.append(record)
            state = reset_means(state)
            if progress is not None:
                progress(record)
            followed.evaluated(record)
        fitted = Fitted(best, History(records))
        followed.end(fitted)
    return fitted


def prepare(
    model: Any,
    task: AbstractTask,
    *,
    objective: AbstractObjective | None = None,
    curriculum: AbstractCurriculum | None = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int = 50,
    min_length: int = 1,
    state_reset_every: int = 5000,
    quantization: Quantization | None = None,
    key: PRNGKeyArray,
) -> tuple[StepSpec, TrainState]:
    """Return what `train_until` needs to train a model on a task, for a custom training loop.

    Sources have `min_length` to `task.max_length` symbols; the other arguments are those of `fit`.

    Raises:
        TypeError: If an argument is not an object of the required type.
        ValueError: If the model's logits or the objective do not fit the task.

    Examples:
        >>> import jax, neuralstack as ns
        >>> task, key = ns.Reversal(max_length=4), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> spec, state = ns.training.prepare(machine, task, batch_size=2, key=key)
        >>> int(ns.training.train_until(state, spec, 2).step)
        2
    """
    check_objects(model, task, objective, curriculum, optimizer, key)
    if quantization is not None:
        quantization.check(model)
    task, bounds = pinned_task(task), (min_length, task.max_length)
    arrays, structure = split_model(model)
    spec = StepSpec(
        task=task,
        objective=(objective or Supervised()).resolve(model, task),
        curriculum=(curriculum or default_curriculum(model, task)).within(bounds),
        optimizer=optimizer or clipped_adam(),
        batch_size=batch_size,
        min_length=min_length,
        state_reset_every=state_reset_every,
        quantization=quantization,
        structure=structure,
    )
    return spec, init_state(arrays, spec, key)


def default_curriculum(model: Any, task: AbstractTask) -> AbstractCurriculum:
    """Return a warm-up for a machine that must learn to use its memory, and all lengths at once for other models."""
    uses_memory = isinstance(model, Machine) and model.connection.answer_from != "controller"
    return Warmup() if uses_memory and not task.streams else Uniform()


def check_sizes(
    task: AbstractTask, lengths: tuple[int, int] | None, batch_size: int, max_steps: int, evaluate_every: int
) -> tuple[int, int]:
    """Check the sizes given to `fit`, and return the shortest and the longest source.

    Raises:
        ValueError: If a size is out of range.
    """
    sizes = {"batch_size": batch_size, "max_steps": max_steps, "evaluate_every": evaluate_every}
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}.")
    low, high = lengths or task.train_lengths
    if not 1 <= low <= high:
        raise ValueError(f"lengths must be two numbers in order, at least 1, got {low} and {high}.")
    return low, high


def require_healthy(state: TrainState) -> None:
    """Raise an error if the last training step failed.

    Raises:
        FloatingPointError: If the loss or its gradient is not finite, or the gradient has vanished.
    """
    failure = int(state.failure)
    if failure != HEALTHY:
        raise FloatingPointError(f"training failed at step {int(state.step)}: {explain(failure)}")


def explain(failure: int) -> str:
    """Explain why a step failed, and what to try."""
    if failure == NOT_FINITE:
        return "the loss or its gradient is not a finite number; lower the learning rate or the largest gradient norm"
    return "the gradient has vanished; try a lower learning rate, another seed, or the connection 'layer'"

"""The interface of an objective, and the terms that all objectives share."""

import abc
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack.controllers import glorot
from neuralstack.evaluation import cross_entropy, score
from neuralstack.machine import BatchSteps, Machine, batch_logits
from neuralstack.tasks import AbstractTask
from neuralstack.training._bounds import Steps, Weight
from neuralstack.training.objectives._batch import Batch, BatchResult, Heads

BINARIZATION = 0.02


@dataclass(frozen=True, kw_only=True)
class AbstractObjective(abc.ABC):
    """A loss to minimize: the cross-entropy of the answers, plus terms that all objectives share.

    Objectives are frozen and hashable, and their methods pure: they are static arguments of compiled training steps.
    """

    binarization: Weight | None = None
    """Weight of the term that drives gates toward 0 or 1. Defaults to 0.02 if a machine's answer depends on what its
    memory reads, and to 0 otherwise."""
    binarization_start: Steps = 0
    """Batches before that term starts: learn first, then become discrete."""
    reconstruction: Weight = 0.0
    """Weight of the loss for predicting the previous input from the controller's output."""
    input_noise: Weight = 0.0
    """Standard deviation of noise on the controller's inputs during training, which makes its states last longer."""
    input_noise_start: Steps = 0
    """Batches before that noise starts."""

    def init(self, model: Any, task: AbstractTask, key: Array) -> tuple[Heads, Any]:
        """Return the weights learned beside the model, and the objective's initial state."""
        del task
        return Heads(reconstructor=self._reconstructor(model, key)), ()

    @abc.abstractmethod
    def loss(
        self, model: Any, heads: Heads, state: Any, batch: Batch, key: Array
    ) -> tuple[Float[Array, ""], BatchResult]:
        """Return the loss of a batch, and the results to report.

        Args:
            model: The model being trained.
            heads: Weights learned beside it.
            state: The objective's state.
            batch: The sequences.
            key: Random key for everything that is drawn.
        """

    def resolve(self, model: Any, task: AbstractTask) -> "AbstractObjective":
        """Return the objective with its defaults for this model filled in.

        Raises:
            ValueError: If a term needs a `Machine` and the model is another module, or the objective does not fit the
                machine or the task.
        """
        self.check(model, task)
        if isinstance(model, Machine):
            uses_memory = model.connection.answer_from != "controller" and not task.streams
            default = BINARIZATION if uses_memory else 0.0
            return replace(self, binarization=default if self.binarization is None else self.binarization)
        for name in ("binarization", "reconstruction", "input_noise"):
            if getattr(self, name):
                raise ValueError(
                    f"{name} needs a Machine, since it acts on the controller or the memory of one, got "
                    f"{type(model).__name__}: leave it at 0."
                )
        return replace(self, binarization=0.0)

    def check(self, model: Any, task: AbstractTask) -> None:
        """Check that the objective fits a model and a task.

        Raises:
            ValueError: If the objective does not fit the model or the task.
        """
        del model, task

    def run(self, model: Any, batch: Batch, key: Array, **options: Any) -> BatchSteps:
        """Run the model on a batch; for modules other than a `Machine`, only the logits are known."""
        inputs = batch.example.inputs
        if not isinstance(model, Machine):
            logits = batch_logits(model, inputs, batch.steps)
            return BatchSteps(logits, None, jnp.zeros((*inputs.shape, 0)), jnp.zeros((*inputs.shape, 0)), None)
        weight = self._started(self.input_noise, self.input_noise_start, batch)
        if not _is_zero(weight):
            options["input_noise"] = weight * draw_noise(model, batch, jax.random.fold_in(key, 1))
        state = first_state(model, batch)
        return model.batch(inputs, batch.steps, state=state, quantization=batch.quantization, **options)

    def total(
        self, model: Any, heads: Heads, state: Any, batch: Batch, shown: BatchSteps, extra: Any = 0.0
    ) -> tuple[Float[Array, ""], BatchResult]:
        """Add the cross-entropy and the shared terms to the terms specific to an objective."""
        inputs, targets, mask = batch.example
        # Steps beyond the longest sequence are undefined and must not affect the loss.
        loss = cross_entropy(shown.logits, targets, mask).mean()
        weight = self._started(self.binarization or 0.0, self.binarization_start, batch)
        if not _is_zero(weight):
            gates = jax.vmap(jax.vmap(model.memory.gates))(shown.action)
            extra += weight * batch.mean(batch.defined, (4 * gates * (1 - gates)).sum(-1))
        if heads.reconstructor is not None:
            error = reconstruction_error(model, heads.reconstructor, shown, inputs)
            extra += self.reconstruction * batch.mean(batch.defined[1:], error)
        accuracy = score(jnp.argmax(shown.logits, -1) == targets, mask).coarse.mean()
        carried = None if batch.carried is None else shown.state
        return loss + extra, BatchResult(loss, accuracy, carried, state)

    def _started(self, weight: float, start: int, batch: Batch) -> Any:
        return weight * (batch.attempt_step >= start) if weight and start else weight

    def _reconstructor(self, model: Any, key: Array) -> Array | None:
        if not self.reconstruction:
            return None
        return glorot(key, model.controller.hidden_size, model.embedding.shape[1])


def _is_zero(weight: Any) -> bool:
    """Return whether a weight is known to be 0; that of a term that starts later is known only at run time."""
    return not isinstance(weight, Array) and weight == 0


def first_state(machine: Machine, batch: Batch) -> Any:
    """Return the controllers' states before the first step of a batch."""
    learned = machine.init_controller(batch.example.inputs.shape[1])
    if batch.carried is None:
        return learned
    return jax.tree.map(lambda new, old: jnp.where(batch.fresh, new, old), learned, batch.carried)


def draw_noise(machine: Machine, batch: Batch, key: Array) -> Float[Array, "steps batch projected"]:
    """Draw noise with standard deviation 1 for the projected inputs of the controller's first layer.

    A state held by gates that are not quite closed fades or drifts over more steps than training has. Noise at every
    step favors gates so far open or closed that it makes no difference (Jim, Giles & Horne, 1996), and the states they
    hold last.
    """
    return batch.drawn(partial(jax.random.normal, key), machine.controller.projected_size)


def reconstruction_error(machine: Machine, weights: Array, shown: BatchSteps, inputs: Array) -> Float[Array, "..."]:
    """Return the cross-entropy of predicting each step's previous input from the controller's output."""
    logits = (shown.hidden[1:] @ weights) @ machine.embedding.T
    return optax.softmax_cross_entropy_with_integer_labels(logits, inputs[:-1])

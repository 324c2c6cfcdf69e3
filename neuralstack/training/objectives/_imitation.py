"""Learning the pushes and pops of a textbook algorithm."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.machine import BatchSteps, Machine
from neuralstack.training._bounds import Probability, Steps
from neuralstack.training.objectives._base import AbstractObjective
from neuralstack.training.objectives._batch import Batch


@dataclass(frozen=True, kw_only=True)
class Imitation(AbstractObjective):
    """Learn the answers, and the strengths that a textbook algorithm gives its pushes and pops.

    It needs a memory with one end, pushed and popped, and a task with such an algorithm (`task.strengths`).

    Examples:
        >>> import neuralstack as ns
        >>> ns.Imitation(forcing_prob=0.5, forcing_decay_steps=200).binarization is None
        True
    """

    forcing_prob: Probability = 1.0
    """Probability that the algorithm's action replaces the machine's."""
    forcing_decay_steps: Steps = 0
    """Batches over which that probability decays linearly to 0; 0 disables the decay."""

    def check(self, model, task):
        require_machine(self, model)
        jax.eval_shape(task.strengths, jnp.array(1))
        memory = model.memory
        jax.eval_shape(lambda raw: memory.impose(memory.decode(raw), jnp.zeros(2)), jnp.zeros(memory.action_size))

    def decayed_forcing_prob(self, batch: Batch) -> Float[Array, ""]:
        """Return the probability, in this batch, that the algorithm's action replaces the machine's."""
        decayed = jnp.minimum(batch.attempt_step / self.forcing_decay_steps, 1) if self.forcing_decay_steps else 0.0
        return jnp.asarray(self.forcing_prob * (1 - decayed))

    def loss(self, model, heads, state, batch, key):
        strengths = jax.vmap(batch.task.strengths, out_axes=1)(batch.lengths)
        shown = self.run_forced(model, batch, strengths, key)
        extra = batch.mean(batch.own, imitation_error(model, shown, strengths))
        return self.total(model, heads, state, batch, shown, extra)

    def run_forced(
        self, model: Machine, batch: Batch, strengths: Float[Array, "steps batch 2"], key: Array
    ) -> BatchSteps:
        """Run the machine on a batch, with the algorithm's strengths in place of its own at forced steps."""
        probability = self.decayed_forcing_prob(batch)
        forced = batch.drawn(lambda shape: jax.random.bernoulli(key, probability, shape), 1).astype(float)
        known = forced, strengths
        return self.run(model, batch, key, decode=lambda raw, known: force(model, raw, *known), decode_inputs=known)


def require_machine(objective: AbstractObjective, model: Any) -> None:
    """Check that a model has a memory to act on.

    Raises:
        ValueError: If the model is not a `Machine`.
    """
    if not isinstance(model, Machine):
        raise ValueError(
            f"{type(objective).__name__} learns the actions on a memory: it needs a Machine, got "
            f"{type(model).__name__}; train other modules with Supervised()."
        )


def force(machine: Machine, raw: Float[Array, " action"], forced: Array, strengths: Float[Array, "2"]) -> Any:
    """Return the machine's action at one step, with the algorithm's strengths if the step is forced."""
    action = machine.memory.decode(raw)
    imposed = machine.memory.impose(action, strengths)
    return jax.tree.map(lambda its, own: jnp.where(forced.reshape(()) > 0, its, own), imposed, action)


def imitation_error(machine: Machine, shown: BatchSteps, strengths: Any) -> Float[Array, "steps batch"]:
    """Return the cross-entropy between the algorithm's gates and the machine's at each step."""
    memory = machine.memory

    def error(raw, action, strengths):
        return memory.gate_cross_entropy(raw, memory.gates(memory.impose(action, strengths)))

    return jax.vmap(jax.vmap(error))(shown.raw_action, shown.action, strengths)

"""Learning discrete actions by sampling them: REINFORCE (Williams, 1992)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack.machine import BatchSteps
from neuralstack.memories import AbstractMemory
from neuralstack.training._bounds import Weight
from neuralstack.training.objectives._base import AbstractObjective
from neuralstack.training.objectives._batch import Batch, Heads, sum_from
from neuralstack.training.objectives._imitation import require_machine

BASELINE_DECAY = 0.99


class RunningMean(NamedTuple):
    """An exponential running mean of the return of each step, over the batches that reach the step."""

    total: Float[Array, " steps"]
    weight: Float[Array, " steps"]

    @property
    def mean(self) -> Float[Array, " steps"]:
        """The mean so far; 0 before the first return."""
        return self.total / jnp.where(self.weight > 0, self.weight, 1.0)


@dataclass(frozen=True, kw_only=True)
class Reinforce(AbstractObjective):
    """Sample pushes and pops of 0 or 1, and learn them by REINFORCE with a baseline (Williams, 1992).

    No gradient flows through the actions. It needs a memory whose actions can be sampled, such as `HardStack`.

    Examples:
        >>> import neuralstack as ns
        >>> ns.Reinforce(baseline="learned").entropy
        0.01
    """

    entropy: Weight = 0.01
    """Weight of the entropy of the sampled actions."""
    baseline: Literal["running", "learned"] = "running"
    """The expected return: a running mean for each step, or predicted from the controller's output."""

    def init(self, model, task, key):
        learned = jnp.zeros(model.controller.hidden_size + 1) if self.baseline == "learned" else None
        state = () if self.baseline == "learned" else RunningMean(jnp.zeros(task.steps), jnp.zeros(task.steps))
        return Heads(self._reconstructor(model, key), learned), state

    def check(self, model, task):
        require_machine(self, model)
        memory = model.memory
        jax.eval_shape(memory.sample, jnp.zeros(memory.action_size), jnp.zeros(sum(memory.gate_widths)))

    def loss(self, model, heads, state, batch, key):
        uniforms = batch.drawn(partial(jax.random.uniform, key), sum(model.memory.gate_widths))
        shown = self.run(model, batch, key, decode=model.memory.sample, decode_inputs=uniforms)
        returns = jax.lax.stop_gradient(returns_of(shown, batch))
        baseline = expected_return(heads, state, jax.lax.stop_gradient(shown.hidden))
        extra = policy_loss(model.memory, shown, batch, returns, baseline, self.entropy)
        if isinstance(state, RunningMean):
            state = update_mean(state, returns, batch)
        return self.total(model, heads, state, batch, shown, extra)


def returns_of(shown: BatchSteps, batch: Batch) -> Float[Array, "steps batch"]:
    """Return, for each step, the mean log-likelihood of the correct symbols from that step on."""
    _, targets, mask = batch.example
    reward = jnp.where(mask, -optax.softmax_cross_entropy_with_integer_labels(shown.logits, targets), 0.0)
    return sum_from(reward) / jnp.maximum(sum_from(mask.astype(reward.dtype)), 1)


def policy_loss(
    memory: AbstractMemory, shown: BatchSteps, batch: Batch, returns: Array, baseline: Array, entropy_weight: float
) -> Float[Array, ""]:
    """Return the loss whose gradient is that of REINFORCE with a baseline, plus the baseline's own loss.

    The advantage of a sampled action is the difference between its return and the baseline, normalized by the root mean
    square of that difference over the batch.
    """
    mask = batch.own
    advantage = returns - jax.lax.stop_gradient(baseline)
    square = batch.mean(mask, advantage**2)
    square = square if batch.shards is None else batch.shards.average(square)
    advantage = advantage / jnp.sqrt(square + 1e-8)
    surprise, entropy = jax.vmap(jax.vmap(partial(surprise_and_entropy, memory)))(shown.raw_action, shown.action)
    policy = batch.mean(mask, advantage * surprise) - entropy_weight * batch.mean(mask, entropy)
    return policy + batch.mean(mask, (returns - baseline) ** 2)


def surprise_and_entropy(
    memory: AbstractMemory, raw: Float[Array, " action"], action: Any
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return the negative log-probability of a sampled action, and the entropy of its distribution."""
    surprise = memory.gate_cross_entropy(raw, memory.gates(action))
    return surprise, memory.gate_cross_entropy(raw, memory.gate_probabilities(raw))


def expected_return(heads: Heads, state: Any, hidden: Float[Array, "steps batch hidden"]) -> Float[Array, "steps #b"]:
    """Return the baseline: the expected return from each step on."""
    if heads.baseline is not None:
        return hidden @ heads.baseline[:-1] + heads.baseline[-1]
    return jnp.broadcast_to(state.mean[:, None], hidden.shape[:2])


def update_mean(state: RunningMean, returns: Float[Array, "steps batch"], batch: Batch) -> RunningMean:
    """Move the running mean toward the returns of a batch, at the steps that the batch reaches."""
    counts, sums = batch.own.sum(1), jnp.where(batch.own, returns, 0.0).sum(1)
    if batch.shards is not None:
        counts, sums = batch.shards.total(counts), batch.shards.total(sums)
    new = sums / jnp.maximum(counts, 1)
    total = BASELINE_DECAY * state.total + (1 - BASELINE_DECAY) * new
    weight = BASELINE_DECAY * state.weight + (1 - BASELINE_DECAY)
    return RunningMean(jnp.where(counts > 0, total, state.total), jnp.where(counts > 0, weight, state.weight))

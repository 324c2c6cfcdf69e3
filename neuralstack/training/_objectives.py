r"""What is minimised: every objective turns a batch into a loss, for any machine and task that it makes sense for.

All of them hold the cross-entropy of the answers. `answers` adds nothing to it: gradients flow through the memory.
`traces` adds the cross-entropy of the strengths with those of a textbook program. `reinforce` draws discrete actions
and learns them from how good the answers then are (Williams, 1992); no gradient flows through them.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from neuralstack._activations import tanh
from neuralstack.machine import BatchSteps, Machine
from neuralstack.memories import Action, MixedAction
from neuralstack.metrics import cross_entropy, score
from neuralstack.tasks import Example


class Weights(NamedTuple):
    """How much each part of an objective counts."""

    pull: float = 0.0
    """The pull of the strengths towards 0 and 1."""
    autoencode: float = 0.0
    """Telling the input of the step before from what the controller shows."""
    entropy: float = 0.0
    """The entropy of the actions that are drawn."""


class Heads(eqx.Module):
    """What is learned beside a machine, and thrown away with training; a part that is not wanted is None."""

    autoencoder: Float[Array, "hidden embedding"] | None
    """From what the controller shows to the embedding of the input before."""
    running: Float[Array, " steps"] | None
    """The expected return of each step."""
    learned: Float[Array, " weights"] | None
    """Weights and a bias: the expected return of a step by what the controller shows there."""


class Batch(NamedTuple):
    """Sequences to learn from, time first."""

    example: Example
    steps: Int[Array, ""]
    """How many steps the longest of them takes; what comes later is not defined."""
    strengths: Float[Array, "steps batch 2"] | None
    """What a textbook program pushes and pops, for `traces`."""
    forcing: Float[Array, ""]
    """The probability that an action is the program's, not the machine's, for `traces`."""

    @property
    def taken(self) -> Array:
        """Which steps are defined, with an axis for the batch."""
        return (jnp.arange(len(self.example.inputs)) < self.steps)[:, None]


class Seen(NamedTuple):
    """What is reported of a batch: the cross-entropy of its answers, and the fraction of sequences all right."""

    loss: Float[Array, ""]
    right: Float[Array, ""]


def objective(
    name: str, machine: Machine, heads: Heads, batch: Batch, weights: Weights, key: Array
) -> tuple[Float[Array, ""], Seen]:
    """Return what is minimised, and what is reported.

    Args:
        name: `answers`, `traces` or `reinforce`.
        machine: What learns.
        heads: What else does.
        batch: From what.
        weights: How much each part counts.
        key: From which whatever is drawn is drawn.
    """
    (inputs, targets, mask), steps, taken = batch.example, batch.steps, batch.taken
    if name == "traces":
        forced = jax.random.bernoulli(key, batch.forcing, (*taken.shape[:1], inputs.shape[1], 1)).astype(float)
        known = forced, batch.strengths
        shown = machine.batch(inputs, steps, choose=lambda raw, known: force(machine, raw, *known), known=known)
        extra = mean(taken, program_error(machine, shown, batch.strengths))
    elif name == "reinforce":
        noise = jax.random.uniform(key, (*inputs.shape, 2))
        shown = machine.batch(inputs, steps, choose=draw_action, known=noise)
        extra = policy_loss(shown, batch, heads, weights.entropy)
    else:
        shown = machine.batch(inputs, steps)
        extra = 0.0
    # Steps beyond the longest sequence are not defined; nothing of them may reach the loss.
    loss = cross_entropy(shown.output, targets, mask).mean()
    if weights.pull:
        gates = machine.memory.gates(shown.action)
        extra += weights.pull * mean(taken, (4 * gates * (1 - gates)).sum(-1))
    if heads.autoencoder is not None:
        extra += weights.autoencode * mean(taken[1:], autoencoding_error(machine, heads.autoencoder, shown, inputs))
    right = score(jnp.argmax(shown.output, -1) == targets, mask).coarse.mean()
    return loss + extra, Seen(loss, right)


def mean(taken: Array, numbers: Float[Array, "steps batch"]) -> Float[Array, ""]:
    """Return the mean over the steps that are defined."""
    return jnp.where(taken, numbers, 0.0).sum() / jnp.maximum(taken.sum() * numbers.shape[1], 1)


def force(machine: Machine, raw: Float[Array, "... action"], forced: Array, strengths: Array) -> Any:
    """Return the machine's action, with the program's strengths where it is forced."""
    action = machine.memory.decode(raw)
    gates = machine.memory.gates(action)
    gates = jnp.where(forced > 0, as_gates(strengths, gates.shape[-1]).astype(gates.dtype), gates)
    if isinstance(action, MixedAction):
        return action._replace(operation=gates)
    return action._replace(push=gates[..., 0], pop=gates[..., 1])


def as_gates(strengths: Float[Array, "... 2"], count: int) -> Float[Array, "... gates"]:
    """Return a program's push and pop strengths as the gates of a memory: with a no-op, where there is one."""
    if count == 2:
        return strengths
    return jnp.concatenate([strengths, 1 - strengths.sum(-1, keepdims=True)], axis=-1)


def program_error(machine: Machine, shown: BatchSteps, strengths: Any) -> Float[Array, "steps batch"]:
    """Return the cross-entropy of each step's gates with the program's."""
    gates = sum(machine.memory.gate_widths)
    wanted, raw = as_gates(strengths, gates), shown.raw[..., :gates]
    if isinstance(shown.action, Action):
        return optax.sigmoid_binary_cross_entropy(raw, wanted).sum(-1)
    return optax.safe_softmax_cross_entropy(raw, wanted)


def draw_action(raw: Float[Array, "... action"], noise: Float[Array, "... 2"]) -> Action:
    """Draw a push and a pop, each of 0 or 1, with the probabilities that raw numbers mean."""
    drawn = jax.lax.stop_gradient((jax.nn.sigmoid(raw[..., :2]) > noise).astype(raw.dtype))
    return Action(drawn[..., 0], drawn[..., 1], tanh(raw[..., 2:]))


def policy_loss(shown: BatchSteps, batch: Batch, heads: Heads, entropy_weight: float) -> Float[Array, ""]:
    r"""Return the loss whose gradient is that of REINFORCE with a baseline (Williams, 1992), and the baseline's own.

    The return of a step is the mean log-likelihood of the right symbols from there on; what it exceeds the baseline by,
    in units of its deviation over the batch, is the advantage of the drawn action.
    """
    _, targets, mask = batch.example
    reward = jnp.where(mask, -optax.softmax_cross_entropy_with_integer_labels(shown.output, targets), 0.0)
    later = jnp.maximum(sum_from(mask.astype(reward.dtype)), 1)
    returns = jax.lax.stop_gradient(sum_from(reward) / later)
    counts = batch.taken & (sum_from(mask) > 0)
    baseline = expected_return(heads, jax.lax.stop_gradient(shown.hidden))
    advantage = returns - jax.lax.stop_gradient(baseline)
    advantage = advantage / jnp.sqrt(weighted(counts, advantage**2) + 1e-8)
    raw = shown.raw[..., :2]
    drawn = jnp.stack([shown.action.push, shown.action.pop], -1)
    surprise = optax.sigmoid_binary_cross_entropy(raw, drawn).sum(-1)
    chance = jax.nn.sigmoid(raw)
    entropy = optax.sigmoid_binary_cross_entropy(raw, chance).sum(-1)
    policy = weighted(counts, advantage * surprise) - entropy_weight * weighted(counts, entropy)
    return policy + weighted(counts, (returns - baseline) ** 2)


def sum_from(numbers: Array) -> Array:
    """Return, for each step, the sum over it and all later ones."""
    return jnp.cumsum(numbers[::-1], axis=0)[::-1]


def weighted(counts: Array, numbers: Array) -> Float[Array, ""]:
    """Return the mean over the steps that count."""
    return jnp.where(counts, numbers, 0.0).sum() / jnp.maximum(counts.sum(), 1)


def expected_return(heads: Heads, hidden: Float[Array, "steps batch hidden"]) -> Float[Array, "steps batch"]:
    """Return the baseline: what is to be expected from each step on."""
    if heads.learned is not None:
        return hidden @ heads.learned[:-1] + heads.learned[-1]
    assert heads.running is not None
    return jnp.broadcast_to(heads.running[:, None], hidden.shape[:2])


def autoencoding_error(machine: Machine, weights: Array, shown: BatchSteps, inputs: Array) -> Float[Array, "..."]:
    """Return, for each step but the first, the cross-entropy of the input before it, told from what is shown."""
    told = (shown.hidden[1:] @ weights) @ machine.embedding.T
    return optax.softmax_cross_entropy_with_integer_labels(told, inputs[:-1])

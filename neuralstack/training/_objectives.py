r"""What is minimized: every objective turns a batch into a loss, for any machine and task that it makes sense for.

All of them hold the cross-entropy of the answers. `answers` adds nothing to it: gradients flow through the memory.
`traces` adds the cross-entropy of the strengths with those of a textbook program. `reinforce` draws discrete actions
and learns them from how good the answers then are (Williams, 1992); no gradient flows through them.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from neuralstack.evaluation import cross_entropy, score
from neuralstack.machine import BatchSteps, Machine
from neuralstack.training._batch import Batch, Heads, Weights, mean
from neuralstack.training._imitation import force, imitation_error
from neuralstack.training._reinforce import policy_loss


class Seen(NamedTuple):
    """What is known of a batch afterwards: the cross-entropy of its answers, the fraction of sequences all right."""

    loss: Float[Array, ""]
    right: Float[Array, ""]
    carried: Any
    """The controllers' states at its end, where the next batch may go on from there."""


def objective(
    name: str, machine: Machine, heads: Heads, batch: Batch, weights: Weights, key: Array
) -> tuple[Float[Array, ""], Seen]:
    """Return what is minimized, and what is reported.

    Args:
        name: `answers`, `traces` or `reinforce`.
        machine: What learns.
        heads: What else does.
        batch: From what.
        weights: How much each part counts.
        key: From which whatever is drawn is drawn.
    """
    (inputs, targets, mask), steps, taken = batch.example, batch.steps, batch.taken
    run = partial(machine.batch, inputs, steps, state=start(machine, batch))
    if counts(weights.noise):
        run = partial(run, input_noise=weights.noise * noise_on(machine, inputs, jax.random.fold_in(key, 1)))
    if name == "traces":
        forced = jax.random.bernoulli(key, batch.forcing, (*taken.shape[:1], inputs.shape[1], 1)).astype(float)
        known = forced, batch.strengths
        shown = run(decode=lambda raw, known: force(machine, raw, *known), decode_inputs=known)
        extra = mean(batch.own, imitation_error(machine, shown, batch.strengths))
    elif name == "reinforce":
        noise = jax.random.uniform(key, (*inputs.shape, sum(machine.memory.gate_widths)))
        shown = run(decode=machine.memory.sample, decode_inputs=noise)
        extra = policy_loss(machine.memory, shown, batch, heads, weights.entropy)
    else:
        shown = run()
        extra = 0.0
    # Steps beyond the longest sequence are not defined; nothing of them may reach the loss.
    loss = cross_entropy(shown.logits, targets, mask).mean()
    if counts(weights.pull):
        gates = jax.vmap(jax.vmap(machine.memory.gates))(shown.action)
        extra += weights.pull * mean(taken, (4 * gates * (1 - gates)).sum(-1))
    if heads.reconstructor is not None:
        extra += weights.autoencode * mean(taken[1:], reconstruction_error(machine, heads.reconstructor, shown, inputs))
    right = score(jnp.argmax(shown.logits, -1) == targets, mask).coarse.mean()
    return loss + extra, Seen(loss, right, None if batch.carried is None else shown.state)


def counts(weight: float | Array) -> bool:
    """Say whether a weight can be other than 0; one that begins later is known at run time only."""
    return isinstance(weight, Array) or weight != 0


def noise_on(machine: Machine, inputs: Array, key: Array) -> Float[Array, "steps batch projected"]:
    """Draw noise of deviation 1 on the projected inputs of the controller's first layer.

    What is kept by gates that are not quite shut fades, or drifts, over more steps than training has. Noise at every
    step favours gates that are so far open or shut that it makes no difference (Jim, Giles & Horne, 1996), and what
    they keep lasts.
    """
    return jax.random.normal(key, (*inputs.shape, machine.controller.projected_size))


def start(machine: Machine, batch: Batch) -> Any:
    """Return the controllers' states before the first step."""
    learned = machine.init_controller(batch.example.inputs.shape[1])
    if batch.carried is None:
        return learned
    return jax.tree.map(lambda new, old: jnp.where(batch.fresh, new, old), learned, batch.carried)


def reconstruction_error(machine: Machine, weights: Array, shown: BatchSteps, inputs: Array) -> Float[Array, "..."]:
    """Return, for each step but the first, the cross-entropy of the input before it, told from what is shown."""
    told = (shown.hidden[1:] @ weights) @ machine.embedding.T
    return optax.softmax_cross_entropy_with_integer_labels(told, inputs[:-1])

"""Learning from drawn actions: their probabilities, the baseline, and the gradient."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from learners import learner, value_and_gradient
from neuralstack import Elman, HardStack, Reinforce, Reversal
from neuralstack.tasks import Example
from neuralstack.training import Batch, Heads
from small import drawn_machine


def test_drawn_actions_have_their_probabilities_and_pass_no_gradient():
    raw = jnp.array([0.0, 2.0, 0.3])
    noise = jax.random.uniform(jax.random.key(0), (10000, 2))
    action = jax.jit(jax.vmap(HardStack(1).sample, in_axes=(None, 0)))(raw, noise)
    np.testing.assert_allclose([action.push.mean(), action.pop.mean()], jax.nn.sigmoid(raw[:2]), atol=0.02)
    assert set(np.unique(action.push)) == {0, 1}
    gradient = jax.jit(jax.grad(lambda raw: sum(part.sum() for part in HardStack(1).sample(raw, noise[0]))))(raw)
    assert gradient[:2].tolist() == [0, 0] != gradient[2:].tolist()


def returns_in(machine, batch):
    """The mean return of each step over the sequences that have it, where nothing that is drawn decides the answers."""
    inputs, targets, mask = batch.example
    losses = optax.softmax_cross_entropy_with_integer_labels(machine.batch(inputs).logits, targets)
    rewards = np.where(mask, -losses, 0)
    to_come = [rewards[step:].sum(0) / np.maximum(mask[step:].sum(0), 1) for step in range(len(mask))]
    own = np.asarray(batch.own)
    return np.where(own, to_come, 0).sum(1) / np.maximum(own.sum(1), 1), own.any(1)


@pytest.mark.slow
def test_the_running_baseline_is_the_mean_of_the_returns_so_far():
    state, program, batch = learner(objective="reinforce", memory="hard", connection="paper")
    assert state.heads.baseline is None  # it is not a parameter of the optimizer
    deaf = eqx.tree_at(lambda state: state.model.feedback, state, replace_fn=jnp.zeros_like)
    steps = jnp.full_like(batch.steps, 8)  # as if no sequence were longer than 3
    mask = batch.example.mask & (jnp.arange(len(batch.example.mask)) < steps)[:, None]
    short = replace(batch, example=batch.example._replace(mask=mask), steps=steps)
    other = replace(batch, example=batch.example._replace(targets=(batch.example.targets + 1) % 131))
    (first, met), (second, _) = returns_in(deaf.model, short), returns_in(deaf.model, other)
    assert 0 < met.sum() < len(met)
    before = 0.99 * 1.99  # the weight of two batches, beside that of a third one
    both = np.where(met, (before * first + second) / (before + 1), second)
    for given, wanted in ((short, first), (short, first), (other, both)):
        (_, result), _ = value_and_gradient(deaf, program, given)
        deaf = replace(deaf, objective_state=result.state)
        np.testing.assert_allclose(result.state.mean, wanted, rtol=1e-4)


@pytest.mark.slow
def test_the_policy_gradient_is_that_of_the_expected_return():
    """Averaged over many actions of a tiny machine, REINFORCE is the gradient of the mean return, up to its scale."""
    task, push = Reversal(1, alphabet="a"), 0.3
    shape = task.steps, 20000
    machine = jax.tree.map(jnp.zeros_like, drawn_machine(Elman, HardStack(1), task.vocab_size, hidden=1, embedding=1))
    # Everything is popped at once, and the correct symbol is likely if the last step pushed.
    machine = eqx.tree_at(
        lambda m: (m.action_bias, m.answer_weights, m.output_weights, m.output_bias),
        machine,
        (
            jnp.array([np.log(push / (1 - push)), 30, 20]),
            jnp.ones((1, 1)),
            jnp.array([[3.0, -3.0, 0.0, 0.0]]),
            jnp.array([0.0, 3.0, -1e9, -1e9]),
        ),
    )
    given = jnp.zeros(shape, jnp.int32)
    example = Example(given, given, jnp.zeros(shape, bool).at[-1].set(True))
    batch = Batch(task, example, given[0], jnp.asarray(task.steps), jnp.asarray(0))
    objective = Reinforce(entropy=0.0)
    _, state = objective.init(machine, task, jax.random.key(0))
    state = state._replace(total=-jnp.ones(task.steps), weight=jnp.ones(task.steps))  # the mean return was -1

    def loss(machine):
        return objective.loss(machine, Heads(), state, batch, jax.random.key(0))[0]

    gradient = jax.jit(jax.grad(loss))(machine).action_bias[:2]
    likely, unlikely = -np.log1p(np.exp(-3)), -3 - np.log1p(np.exp(-3))
    scale = np.sqrt(push * (likely + 1) ** 2 + (1 - push) * (unlikely + 1) ** 2)
    wanted = -push * (1 - push) * (likely - unlikely) / scale / task.steps  # of all steps, only the last one matters
    np.testing.assert_allclose(gradient, [wanted, 0], atol=0.05 * abs(wanted))

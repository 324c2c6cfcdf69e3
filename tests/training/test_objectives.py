from dataclasses import dataclass, replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import HardStack, Reversal, complete, cross_entropy, train
from neuralstack.machine import BatchSteps
from neuralstack.tasks import Example
from neuralstack.training import Batch, Run, begin, configure, draw_batch, step_key, step_spec, with_options
from neuralstack.training.objectives._reinforce import RunningMean, policy_loss, returns_of, update_mean
from small import assert_same_leaves

SIZES = {"batch_size": 4, "hidden_dim": 8, "memory_dim": 8, "controller": "elman"}
BASE = configure("reversal", min_length=1, max_length=6, curriculum="uniform", **SIZES)


@cache
def learner(**options):
    """A state, its step specification, and the first batch, the same for all of them."""
    config = complete(with_options(BASE, **options))
    return begin(config), step_spec(config), first_batch()


@cache
def first_batch():
    config = complete(with_options(BASE, objective="imitation"))
    return draw(begin(config), step_spec(config))


@partial(jax.jit, static_argnames="program")
def draw(state, program):
    return draw_batch(state, program, step_key(state))


def value_and_gradient(state, program, batch, **changes):
    return _value_and_gradient(state, program._replace(objective=replace(program.objective, **changes)), batch)


@partial(jax.jit, static_argnames="program")
def _value_and_gradient(state, program, batch):
    def loss(learners):
        return program.objective.loss(*learners, state.objective_state, batch, jax.random.key(1))

    return jax.value_and_grad(loss, has_aux=True)((state.model, state.heads))


def test_the_answers_cross_entropy_and_the_binarization_make_the_plain_objective():
    state, program, batch = learner()
    (plain, seen), _ = value_and_gradient(state, program, batch, binarization=0.0)
    (pulled, same), _ = value_and_gradient(state, program, batch, binarization=0.5)
    shown = jax.jit(type(state.model).batch)(state.model, batch.example.inputs, batch.steps)
    loss = cross_entropy(shown.logits, batch.example.targets, batch.example.mask).mean()
    np.testing.assert_allclose(plain, loss, rtol=1e-6)
    assert seen.loss == same.loss == plain
    gates = np.asarray(state.model.memory.gates(shown.action), np.float64)[: int(batch.steps)]
    np.testing.assert_allclose(pulled - plain, 0.5 * (4 * gates * (1 - gates)).sum(-1).mean(), rtol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"reconstruction": 0.5},
        {"objective": "imitation", "connection": "feedback"},
        {"objective": "imitation", "memory": "pointer"},
        {"objective": "reinforce", "memory": "hard"},
        {"objective": "reinforce", "memory": "hard", "baseline": "learned"},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
@pytest.mark.slow
def test_steps_beyond_the_longest_sequence_change_nothing(options):
    state, program, batch = learner(**options)
    short = jnp.full_like(batch.steps, 8)  # as if no sequence were longer than 3
    mask = batch.example.mask & (jnp.arange(len(batch.example.mask)) < short)[:, None]
    batch = replace(batch, example=batch.example._replace(mask=mask), steps=short)
    inputs = batch.example.inputs
    later = inputs.at[int(short) :].set((inputs[int(short) :] + 1) % state.model.vocab_size)
    changed = replace(batch, example=batch.example._replace(inputs=later))
    one, other = (value_and_gradient(state, program, each) for each in (batch, changed))
    assert_same_leaves(one, other)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(one))


@pytest.mark.slow
def test_every_head_that_is_wanted_is_learned_and_no_other_is_there():
    state, program, batch = learner(reconstruction=0.5)
    assert [name for name, head in vars(state.heads).items() if head is not None] == ["reconstructor"]
    _, (_, heads) = value_and_gradient(state, program, batch)
    assert np.abs(heads.reconstructor).max() > 0
    state, program, batch = learner(objective="reinforce", memory="hard", baseline="learned")
    assert [name for name, head in vars(state.heads).items() if head is not None] == ["baseline"]
    _, (_, heads) = value_and_gradient(state, program, batch)
    assert (np.asarray(heads.baseline) != 0).any()


# Each memory is forced in its own way, whatever the connection; each connection acts in its own place.
@pytest.mark.parametrize(
    ("memory", "connection"),
    [
        ("hard", "layer"),
        pytest.param("pointer", "feedback", marks=pytest.mark.slow),
        pytest.param("stack", "feedback", marks=pytest.mark.slow),
        ("stack", "layer"),
    ],
)
def test_a_machine_that_is_always_forced_does_what_the_program_says(memory, connection):
    state, program, batch = learner(objective="imitation", memory=memory, connection=connection)
    strengths = jax.vmap(batch.task.strengths, out_axes=1)(batch.lengths)

    @jax.jit
    def gates_of(machine, batch):
        shown = program.objective.run_forced(machine, batch, strengths, jax.random.key(0))
        return jax.vmap(jax.vmap(machine.memory.gates))(shown.action)

    gates = gates_of(state.model, batch)[: int(batch.steps), :, :2]
    np.testing.assert_array_equal(gates, strengths[: int(batch.steps)])


@pytest.mark.slow
def test_the_program_is_not_asked_for_after_the_end_of_a_sequence():
    """Otherwise, machines learn to stop after as many pops as in training: they learn to count."""
    state, program, batch = learner(objective="imitation", connection="feedback", forcing_prob=0.0)
    ends = batch.example.mask.shape[0] - jnp.argmax(batch.example.mask[::-1], axis=0)
    after = (jnp.arange(len(batch.example.mask))[:, None] >= ends)[..., None]
    assert (after[: int(batch.steps)]).any()

    @dataclass(frozen=True)
    class Changed(Reversal):
        def strengths(self, length):
            strengths = super().strengths(length)
            end = self.used_steps(length)
            return jnp.where(jnp.arange(len(strengths))[:, None] >= end, 1 - strengths, strengths)

    changed = replace(batch, task=Changed(batch.task.max_length))
    one, other = (value_and_gradient(state, program, each) for each in (batch, changed))
    assert_same_leaves(one, other)


@pytest.mark.parametrize("attempt_start", [0, 150])
def test_forcing_decays_to_nothing_over_as_many_batches_of_an_attempt_as_asked(attempt_start):
    state, program, _ = learner(objective="imitation", forcing_prob=0.8, forcing_decay_steps=100)
    for step, wanted in ((0, 0.8), (25, 0.6), (100, 0.0), (200, 0.0)):
        later = replace(state, step=jnp.int32(attempt_start + step), attempt_start=jnp.int32(attempt_start))
        np.testing.assert_allclose(program.objective.decayed_forcing_prob(draw(later, program)), wanted, atol=1e-6)


@pytest.mark.slow
def test_the_running_baseline_is_the_mean_of_the_returns_so_far():
    batch = first_batch()
    mean = RunningMean(jnp.zeros(len(batch.example.inputs)), jnp.zeros(len(batch.example.inputs)))
    for returns in (-2.0, -2.0):
        mean = update_mean(mean, jnp.full(batch.example.inputs.shape, returns), batch)
    counted = np.asarray(batch.own.any(1))
    np.testing.assert_allclose(np.asarray(mean.mean)[counted], -2.0, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(mean.mean)[~counted], 0.0)
    state, program, batch = learner(objective="reinforce", memory="hard")
    assert state.heads.baseline is None  # it is not a parameter of the optimizer
    (_, result), _ = value_and_gradient(state, program, batch)
    assert (result.state.mean < 0).any()


def test_the_program_of_reversal_reverses_on_a_hard_stack():
    task = Reversal(max_length=6, alphabet="abc")
    sample = jax.jit(lambda key, length: (task.sample(key, length), task.strengths(length)))
    for length in (1, 4, 6):
        example, strengths = sample(jax.random.key(length), length)
        stack = []
        for push, pop, token, wanted, scored in zip(*strengths.T.tolist(), *example, strict=True):
            if pop and stack:
                stack.pop()
            if push:
                stack.append(int(token))
            if scored:
                assert wanted == (stack[-1] if stack else task.end)


def test_drawn_actions_have_their_probabilities_and_pass_no_gradient():
    raw = jnp.array([0.0, 2.0, 0.3])
    noise = jax.random.uniform(jax.random.key(0), (10000, 2))
    action = jax.jit(jax.vmap(HardStack(1).sample, in_axes=(None, 0)))(raw, noise)
    np.testing.assert_allclose([action.push.mean(), action.pop.mean()], jax.nn.sigmoid(raw[:2]), atol=0.02)
    assert set(np.unique(action.push)) == {0, 1}
    gradient = jax.jit(jax.grad(lambda raw: sum(part.sum() for part in HardStack(1).sample(raw, noise[0]))))(raw)
    assert gradient[:2].tolist() == [0, 0] != gradient[2:].tolist()


@pytest.mark.slow
def test_the_policy_gradient_is_that_of_the_expected_return():
    """Averaged over all actions of a tiny machine, REINFORCE is the gradient of the mean return, up to its scale."""
    probabilities = np.array([0.3, 0.7])
    shape = 3, 20000

    def surrogate(logits, key):
        raw = jnp.broadcast_to(logits, (*shape, 2))
        action = HardStack(1).sample(
            jnp.concatenate([raw, jnp.zeros((*shape, 1))], -1), jax.random.uniform(key, raw.shape)
        )
        # The correct symbol is likely if the last step pushed.
        right = jnp.stack([action.push[-1], 1 - action.push[-1]], -1)
        shown = BatchSteps(jnp.zeros((*shape, 2)).at[-1].set(3 * right), action, jnp.zeros((*shape, 1)), raw, ())
        example = Example(jnp.zeros(shape, int), jnp.zeros(shape, int), jnp.zeros(shape, bool).at[-1].set(True))
        here = Batch(Reversal(3), example, jnp.zeros(shape[1], int), jnp.asarray(3), jnp.asarray(0))
        returns = jax.lax.stop_gradient(returns_of(shown, here))
        return policy_loss(HardStack(1), shown, here, returns, jnp.full(shape, -1.0), 0.0)

    gradient = jax.jit(jax.grad(surrogate))(jnp.log(probabilities / (1 - probabilities)), jax.random.key(0))
    push, likely, unlikely = 0.3, -np.log1p(np.exp(-3)), -3 - np.log1p(np.exp(-3))
    scale = np.sqrt(push * (likely + 1) ** 2 + (1 - push) * (unlikely + 1) ** 2)
    wanted = -push * (1 - push) * (likely - unlikely) / scale / 3  # of 3 steps, only the last one matters
    np.testing.assert_allclose(gradient, [wanted, 0], atol=0.05 * abs(wanted))


BAD = {
    "objective": ({"objective": "supervise"}, "unknown objective 'supervise': did you mean 'supervised'?"),
    "soft memory": ({"objective": "reinforce"}, "NeuralStack has no discrete actions to draw"),
    "two ends": ({"objective": "imitation", "memory": "deque"}, "NeuralDeque has no single end to push and pop"),
    "sure forcing": (
        {"objective": "imitation", "forcing_prob": 1.5},
        "forcing_prob must be a number, at least 0",
    ),
    "lengths": ({"curriculum": "linear", "warmup_lengths": (4,)}, "warmup_lengths belongs to the curriculum warmup"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_an_objective_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        complete(configure("reversal", **options))


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["hard", "pointer"])
def test_a_machine_learns_from_traces_and_then_does_without(tmp_path, memory):
    config = configure(
        "reversal", memory=memory, objective="imitation", forcing_decay_steps=100, min_length=1, max_length=6
    )
    config = with_options(config, max_steps=600, evaluate_every=50, stop_after_perfect=1)
    assert train(config, tmp_path / "run", show=False).status == "perfect"
    assert Run.open(tmp_path / "run").metrics()[-1]["validation"]["coarse"] == 1

from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import Config, HardStack, Reversal, complete, cross_entropy, train
from neuralstack.machine import BatchSteps
from neuralstack.tasks import Example
from neuralstack.training import Run, begin
from neuralstack.training._batch import Batch, Heads, Weights
from neuralstack.training._objectives import objective
from neuralstack.training._reinforce import policy_loss
from neuralstack.training._step import StepSpec, draw_batch, step_key
from small import assert_same_leaves

SIZES = {"batch": 4, "hidden": 8, "width": 8, "controller": "elman"}
BASE = Config("reversal", min_length=1, max_length=6, first_lengths=(), **SIZES)
NOTHING = Heads(None, None, None)


@cache
def learner(**options):
    """A state, its program, and the first batch."""
    config = complete(replace(BASE, **options))
    batch = batch_with_strengths()
    if config.objective != "traces":
        batch = batch._replace(strengths=None)
    return begin(config), StepSpec.of(config), batch


@cache
def batch_with_strengths():
    """The first batch, the same for all of them, with what the program of the textbook pushes and pops."""
    config = complete(replace(BASE, objective="traces"))
    return draw(begin(config), StepSpec.of(config))


@partial(jax.jit, static_argnames="program")
def draw(state, program):
    return draw_batch(state, program, step_key(state))


@partial(jax.jit, static_argnames="program")
def value_and_gradient(state, program, batch, pull=0.02):
    def loss(learners):
        weights = program.weights._replace(pull=pull)
        return objective(program.objective, *learners, batch, weights, jax.random.key(1))

    return jax.value_and_grad(loss, has_aux=True)((state.machine, state.heads))


def test_the_answers_cross_entropy_and_their_pull_make_the_plain_objective():
    state, program, batch = learner()
    (plain, seen), _ = value_and_gradient(state, program, batch, pull=0.0)
    (pulled, same), _ = value_and_gradient(state, program, batch, pull=0.5)
    shown = jax.jit(type(state.machine).batch)(state.machine, batch.example.inputs, batch.steps)
    loss = cross_entropy(shown.logits, batch.example.targets, batch.example.mask).mean()
    np.testing.assert_allclose(plain, loss, rtol=1e-6)
    assert seen.loss == same.loss == plain
    gates = np.asarray(state.machine.memory.gates(shown.action), np.float64)[: int(batch.steps)]
    np.testing.assert_allclose(pulled - plain, 0.5 * (4 * gates * (1 - gates)).sum(-1).mean(), rtol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"autoencode": 0.5},
        {"objective": "traces", "connection": "feedback"},
        {"objective": "traces", "memory": "pointer"},
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
    batch = batch._replace(example=batch.example._replace(mask=mask), steps=short)
    later = batch.example.inputs.at[int(short) :].add(1)
    changed = batch._replace(example=batch.example._replace(inputs=later))
    one, other = (value_and_gradient(state, program, each) for each in (batch, changed))
    assert_same_leaves(one, other)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(one))


def test_every_head_that_is_wanted_is_learned_and_no_other_is_there():
    state, program, batch = learner(autoencode=0.5)
    assert [name for name, head in vars(state.heads).items() if head is not None] == ["reconstructor"]
    _, (_, heads) = value_and_gradient(state, program, batch)
    assert np.abs(heads.reconstructor).max() > 0
    state, program, batch = learner(objective="reinforce", memory="hard", baseline="learned")
    assert [name for name, head in vars(state.heads).items() if head is not None] == ["learned"]
    _, (_, heads) = value_and_gradient(state, program, batch)
    assert (np.asarray(heads.learned) != 0).any()


# Each memory is forced in a way of its own, whatever the connection; each connection acts at a place of its own.
@pytest.mark.parametrize(
    ("memory", "connection"),
    [
        ("hard", "layer"),
        pytest.param("pointer", "feedback", marks=pytest.mark.slow),
        ("stack", "feedback"),
        ("stack", "layer"),
    ],
)
def test_a_machine_that_is_always_forced_does_what_the_program_says(memory, connection):
    state, _, batch = learner(objective="traces", memory=memory, connection=connection)
    batch_of = type(state.machine).batch

    @jax.jit
    def gates_of(machine, batch):
        taken = []

        def remember(self, *arguments, **options):
            taken.append(batch_of(self, *arguments, **options))
            return taken[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(machine), "batch", remember)
            objective("traces", machine, NOTHING, batch, Weights(), jax.random.key(0))
        return machine.memory.gates(taken[0].action)

    gates = gates_of(state.machine, batch)[: int(batch.steps), :, :2]
    np.testing.assert_array_equal(gates, batch.strengths[: int(batch.steps)])


def test_the_program_is_not_asked_for_after_the_end_of_a_sequence():
    """Elsewhere machines learn to stop after as many pops as they were trained on: they learn to count."""
    state, program, batch = learner(objective="traces", connection="feedback")
    batch = batch._replace(forcing=jnp.zeros_like(batch.forcing))
    ends = batch.example.mask.shape[0] - jnp.argmax(batch.example.mask[::-1], axis=0)
    after = (jnp.arange(len(batch.example.mask))[:, None] >= ends)[..., None]
    assert (after[: int(batch.steps)]).any()
    changed = batch._replace(strengths=jnp.where(after, 1 - batch.strengths, batch.strengths))
    one, other = (value_and_gradient(state, program, each) for each in (batch, changed))
    assert_same_leaves(one, other)


def test_forcing_decays_to_nothing_over_as_many_batches_as_asked():
    state, program, _ = learner(objective="traces", forcing=0.8, forcing_steps=100)
    for step, wanted in ((0, 0.8), (25, 0.6), (100, 0.0), (200, 0.0)):
        later = replace(state, step=jnp.asarray(step, state.step.dtype))
        np.testing.assert_allclose(draw(later, program).forcing, wanted, atol=1e-6)


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


def test_the_policy_gradient_is_that_of_the_expected_return():
    """Over all drawn actions of a tiny machine, REINFORCE is the gradient of the mean return, up to its scale."""
    probabilities = np.array([0.3, 0.7])
    shape = 3, 20000

    def surrogate(logits, key):
        raw = jnp.broadcast_to(logits, (*shape, 2))
        action = HardStack(1).sample(
            jnp.concatenate([raw, jnp.zeros((*shape, 1))], -1), jax.random.uniform(key, raw.shape)
        )
        # The right symbol is likely where the last step pushed.
        right = jnp.stack([action.push[-1], 1 - action.push[-1]], -1)
        shown = BatchSteps(jnp.zeros((*shape, 2)).at[-1].set(3 * right), action, jnp.zeros((*shape, 1)), raw, ())
        example = Example(jnp.zeros(shape, int), jnp.zeros(shape, int), jnp.zeros(shape, bool).at[-1].set(True))
        here = Batch(example, jnp.asarray(3), None, jnp.asarray(0.0))
        return policy_loss(HardStack(1), shown, here, Heads(None, jnp.full(3, -1.0), None), 0.0)

    gradient = jax.jit(jax.grad(surrogate))(jnp.log(probabilities / (1 - probabilities)), jax.random.key(0))
    push, likely, unlikely = 0.3, -np.log1p(np.exp(-3)), -3 - np.log1p(np.exp(-3))
    scale = np.sqrt(push * (likely + 1) ** 2 + (1 - push) * (unlikely + 1) ** 2)
    wanted = -push * (1 - push) * (likely - unlikely) / scale / 3  # of 3 steps the last one matters
    np.testing.assert_allclose(gradient, [wanted, 0], atol=0.05 * abs(wanted))


BAD = {
    "objective": ({"objective": "answer"}, "unknown objective 'answer': did you mean 'answers'?"),
    "soft memory": ({"objective": "reinforce"}, "NeuralStack has no discrete actions to draw"),
    "two ends": ({"objective": "traces", "memory": "deque"}, "NeuralDeque has no one end to push and pop"),
    "sure forcing": ({"forcing": 1.5}, "forcing is a probability, at most 1, got 1.5."),
    "lengths": ({"curriculum": "growing", "first_lengths": (4,)}, "first_lengths belong to the curriculum first"),
    "baseline": ({"baseline": "mean"}, "unknown baseline 'mean'"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_an_objective_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        complete(replace(Config("reversal"), **options))


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["hard", "pointer"])
def test_a_machine_learns_from_traces_and_then_does_without(tmp_path, memory):
    config = Config("reversal", memory=memory, objective="traces", forcing_steps=100, min_length=1, max_length=6)
    config = replace(config, steps=600, evaluate_every=50, patience=1)
    assert train(config, tmp_path / "run", show=False).status == "perfect"
    assert Run.open(tmp_path / "run").metrics()[-1]["validation"]["coarse"] == 1

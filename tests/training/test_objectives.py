from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from learners import draw, learner, value_and_gradient
from neuralstack import Reversal, complete, cross_entropy, train
from neuralstack.training import Run, configure, with_options
from small import assert_same_leaves


@pytest.mark.slow
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

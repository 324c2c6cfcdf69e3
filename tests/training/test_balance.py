"""The term that drives a memory to be full in between and empty at the end."""

from dataclasses import replace
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from learners import learner, value_and_gradient
from neuralstack import Reversal, Supervised, complete, fit, load, train
from neuralstack.machine import QuantizationNoise
from neuralstack.training import Run, with_options
from small import OPTIONS, SMALL

pytest_plugins = ("small_runs",)


@cache
def terms_of():
    """Compile a function to the term for a machine that is forced to act with the given strengths."""
    state, program, batch = learner(objective="imitation")
    with_it = replace(program.objective, balance=2.0)

    @jax.jit
    def terms(model, strengths):
        shown = program.objective.run_forced(model, batch, strengths, jax.random.key(1))
        (total, _), (plain, _) = (
            objective.total(model, state.heads, (), batch, shown) for objective in (with_it, program.objective)
        )
        return (total - plain) / 2

    return lambda strengths: float(terms(state.model, strengths))


def strengths_of(kind):
    """Return pushes and pops of a sequence, up to its end, with others after it, which do not count."""
    _, _, batch = learner(objective="imitation")
    ends = [int(batch.task.used_steps(length)) for length in batch.lengths]
    times, end = np.arange(batch.task.steps)[:, None], np.array(ends)
    push, pop = {
        "always pushed": (times >= 0, times < 0),
        "never used": (times > end, times < 0),
        "pushed and popped": (times < end // 2, times >= end - end // 2),
    }[kind]
    return np.stack(np.broadcast_arrays(push, pop, times + end)[:2], axis=-1).astype(np.float32), ends


KINDS = "always pushed", "never used", "pushed and popped"


@pytest.mark.parametrize("kind", KINDS)
def test_the_term_compares_what_is_held_at_the_end_with_the_mean_on_the_way(kind):
    strengths, ends = strengths_of(kind)
    wanted = []
    for (push, pop), end in zip(np.moveaxis(strengths, 1, 0).swapaxes(1, 2), ends, strict=True):
        held = [0.0]
        for time in range(end):
            held.append(max(held[-1] - pop[time], 0) + push[time])
        wanted.append(np.log1p(held[-1]) - np.log1p(np.mean(held[1:])))
    np.testing.assert_allclose(terms_of()(strengths), np.mean(wanted), atol=1e-5)


def test_a_memory_that_fills_and_empties_is_better_than_one_never_used_and_that_than_one_that_grows():
    grows, unused, used = (terms_of()(strengths_of(kind)[0]) for kind in KINDS)
    assert used < -0.3 < unused < 0.3 < grows
    assert abs(unused) < 1e-6


@pytest.mark.slow
def test_its_gradient_moves_the_memory_toward_less_of_it():
    state, program, batch = learner()
    _, gradient = value_and_gradient(state, program, batch, balance=100.0)
    _, plain = value_and_gradient(state, program, batch)
    steps = jax.tree.map(lambda one, other: 1e-4 * (one - other) / 100, gradient[0], plain[0])
    moved = replace(state, model=jax.tree.map(jnp.subtract, state.model, steps))
    terms = [
        value_and_gradient(each, program, batch, balance=100.0)[0][0] - value_and_gradient(each, program, batch)[0][0]
        for each in (state, moved)
    ]
    assert terms[1] < terms[0]


def test_it_ends_with_the_beginning_of_the_finishing_phase():
    state, program, batch = learner()
    with_it = replace(program.objective, balance=0.5)

    @jax.jit
    def difference(probability):
        noisy = replace(batch, quantization=QuantizationNoise(probability, jax.random.key(2)))
        given = state.model, state.heads, (), noisy, jax.random.key(1)
        return with_it.loss(*given)[0] - program.objective.loss(*given)[0]

    assert abs(difference(0.0)) > 1e-2
    assert difference(0.1) == difference(0.9) == 0


class OwnModule(eqx.Module):
    def __call__(self, tokens):
        return jax.nn.one_hot(tokens, Reversal(2, alphabet="abcde").vocab_size)


def test_a_module_without_a_memory_is_refused():
    task = Reversal(2, alphabet="abcde")
    with pytest.raises(ValueError, match=r"balance needs a Machine, since it acts on .* got OwnModule: leave it at 0"):
        fit(OwnModule(), task, objective=Supervised(balance=0.5), max_steps=1, key=jax.random.key(0))


@pytest.mark.slow
def test_the_command_line_trains_with_it_and_names_it_when_it_does_not_fit(call, tmp_path):
    options = [*OPTIONS, "--balance", 0.5, "--max-steps", 2, "--evaluate-every", 2]
    status, _, _ = call(*options, "--out", tmp_path / "run")
    assert (status, Run.open(tmp_path / "run").config().objective.balance) == (0, 0.5)
    status, out, err = call(*options, "--memory", "tape", "--out", tmp_path / "other")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("neuralstack: --balance must be 0 for a memory without total_strengths(action), got 0.5 for")


def test_a_run_from_before_it_existed_has_none(tmp_path):
    run = Run.create(tmp_path / "run", complete(SMALL))
    before, _, after = run.file("config.json").read_text().partition('"balance": 0.0,')
    run.write("config.json", before + after)
    assert after
    assert Run.open(run.path).config().objective.balance == 0


@pytest.mark.slow
def test_a_machine_trained_with_it_fills_and_empties_its_memory(tmp_path):
    """One trained as long without it only fills its memory."""
    task, source, terms = Reversal(8), [*range(6)], []
    tokens = jnp.asarray(task.example(source, source[::-1]).inputs)[:, None]
    for balance in (0.0, 0.5):
        config = with_options(SMALL, balance=balance, max_steps=100, restart_after=0)
        train(config, tmp_path / str(balance), show=False)
        machine = load(tmp_path / str(balance))
        action = machine.batch(tokens, jnp.asarray(len(tokens))).action
        held = machine.memory.total_strengths(jax.tree.map(lambda leaf: leaf[:, 0], action))[:, 0]
        terms.append(float(jnp.log1p(held[-1]) - jnp.log1p(held.mean())))
    assert terms[1] < -0.3 < 0 < terms[0]

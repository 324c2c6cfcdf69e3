"""What only the kernels promise; that they compute the stack is held in tests/memories, with every other form."""

import importlib
import warnings
from functools import partial
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import neuralstack as ns
from neuralstack import kernels
from neuralstack.reference import stack_backward, stack_forward

if not kernels.is_built():
    pytest.skip("neuralstack was installed without its kernels", allow_module_level=True)

WIDTH = 5
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}  # of the largest number in an array
KERNEL, PURE = (ns.NeuralStack(WIDTH, kernel=kernel) for kernel in (True, False))
KINDS = {
    "uniform": lambda rng, shape: rng.random(shape),
    "near 0": lambda rng, shape: 0.02 * rng.random(shape),
    "near 1": lambda rng, shape: 1 - 0.02 * rng.random(shape),
    "0 or 1": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
}


def draw(kind, *shape):
    """Push and pop strengths, values and cotangents of the reads, of sequences of one kind."""
    rng = np.random.default_rng(shape[-1])
    push, pop = KINDS[kind](rng, (2, *shape))
    return push, pop, *rng.normal(size=(2, *shape, WIDTH))


@partial(jax.jit, static_argnums=0)
def pulled_back(stack, push, pop, values, cotangent):
    """The reads, and what a cotangent of the reads gives to the strengths and the values."""
    reads, pull = jax.vjp(lambda *action: ns.run(stack, ns.Action(*action)), push, pop, values)
    return reads, *pull(cotangent)


of_kinds = jax.vmap(partial(pulled_back, KERNEL))


def by_reference(push, pop, values, cotangent):
    return stack_forward(push, pop, values)[2], *stack_backward(push, pop, values, cotangent)


def assert_close(got, wanted, tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        scale = np.abs(other).max(initial=0) or 1
        np.testing.assert_allclose(np.asarray(one) / scale, np.asarray(other) / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("steps", [0, 1, 2, 64, 300])
def test_reads_and_gradients_are_those_of_the_reference_in_both_precisions(dtype, steps, float64):
    given = [np.stack(parts).astype(dtype) for parts in zip(*(draw(kind, steps) for kind in KINDS), strict=True)]
    found = of_kinds(*given)
    for row, parts in enumerate(zip(*given, strict=True)):
        assert_close([leaf[row] for leaf in found], by_reference(*parts), TOLERANCE[dtype])


@pytest.mark.parametrize("kind", KINDS)
def test_a_population_of_batches_is_one_call_and_gives_what_a_loop_gives(kind):
    given = [part.astype(np.float32) for part in draw(kind, 3, 4, 40)]
    mapped = jax.jit(jax.vmap(of_kinds))
    rows = [[pulled_back(KERNEL, *(part[i, j] for part in given)) for j in range(4)] for i in range(3)]
    wanted = jax.tree.map(lambda *leaves: np.reshape(leaves, (3, 4, *leaves[0].shape)), *chain(*rows))
    assert_close(mapped(*given), wanted, 1e-6)
    assert mapped.lower(*given).as_text().count("custom_call @neuralstack_run_float32") == 1


def test_batch_and_population_may_share_some_of_their_operands():
    push, pop, values, _ = (part.astype(np.float32) for part in draw("uniform", 4, 20))

    def reads(push, values):
        return ns.run(KERNEL, ns.Action(push, pop[0], values))

    mapped = jax.jit(jax.vmap(jax.vmap(reads, in_axes=(0, None)), in_axes=(None, 0)))(push, values)
    wanted = [[reads(one, other) for one in push] for other in values]
    assert_close(mapped, np.array(wanted), 1e-6)


@pytest.mark.parametrize(("controller", "wiring"), [("gru", "layer"), ("lstm", "feedback"), ("elman", "paper")])
def test_a_machine_has_the_output_and_every_gradient_of_the_pure_form(controller, wiring, float64):
    tokens = jax.random.randint(jax.random.key(1), (30, 3), 0, 4)

    def loss_and_gradient(stack, steps):
        machine = ns.Machine(
            stack, ns.CONTROLLERS[controller], 4, hidden=6, embedding=WIDTH, wiring=wiring, key=jax.random.key(0)
        )

        def loss(machine):
            return jnp.sin(machine.batch(tokens, steps).output[:17]).sum()

        return jax.jit(jax.value_and_grad(loss))(machine)

    assert_close(loss_and_gradient(KERNEL, 17), loss_and_gradient(PURE, 17), TOLERANCE[np.float64])


STEPS = 12
VALUES, COTANGENT = np.random.default_rng(3).normal(size=(2, STEPS, WIDTH))


def strengths(one):
    return st.lists(one, min_size=STEPS, max_size=STEPS).map(np.array)


# Eighths tie often, and add up without rounding.
@given(push=strengths(st.integers(0, 8)), pop=strengths(st.integers(0, 8)))
def test_no_strengths_are_found_for_which_reads_or_gradients_differ(push, pop):
    given = push / 8, pop / 8, VALUES, COTANGENT
    with jax.enable_x64(True):
        assert_close(pulled_back(KERNEL, *given), by_reference(*given), TOLERANCE[np.float64])


@given(push=strengths(st.floats(width=32)), pop=strengths(st.floats(width=32)))
def test_any_number_at_all_is_survived(push, pop):
    """NaN and infinity too: what comes out means nothing, but nothing outside the arrays is touched."""
    with np.errstate(invalid="ignore"):
        given = [part.astype(np.float32) for part in (push, pop, VALUES, COTANGENT)]
    assert [leaf.shape for leaf in pulled_back(KERNEL, *given)] == [(12, 5), (12,), (12,), (12, 5)]


def test_a_very_tall_stack_loses_no_precision():
    steps, rng = 20_000, np.random.default_rng(0)
    push, pop = 1 - 0.3 * rng.random(steps), 0.3 * rng.random(steps)
    values, cotangent = rng.normal(size=(2, steps, 2))
    given = [part.astype(np.float32) for part in (push, pop, values, cotangent)]
    stack = ns.NeuralStack(2, kernel=True)
    got = pulled_back(stack, *given)
    with jax.enable_x64(True):
        wanted = pulled_back(stack, *(part.astype(np.float64) for part in given))
    assert_close(got, wanted, 1e-5)


def test_a_stack_that_is_emptied_again_and_again_forgets_what_was_before():
    steps, rng = 999, np.random.default_rng(0)
    push, (values, cotangent) = 0.3 * rng.random(steps), rng.normal(size=(2, steps, WIDTH))
    pop = (np.arange(steps) % 3 == 0).astype(float)
    given = push, pop, values, cotangent
    thirds = [np.reshape(part, (-1, 3, *part.shape[1:])) for part in given]
    with jax.enable_x64(True):
        whole = pulled_back(KERNEL, *given)
        parts = of_kinds(*thirds)
    assert_close(whole, jax.tree.map(lambda leaf, like: leaf.reshape(like.shape), parts, whole), 1e-12)


def test_steps_beyond_those_asked_for_read_nothing_and_get_no_gradient():
    push, pop, values, cotangent = (part.astype(np.float32) for part in draw("uniform", 20))

    @jax.jit
    def reads_and_gradients(steps):
        reads, pull = jax.vjp(lambda *action: KERNEL.run(ns.Action(*action), steps), push, pop, values)
        return reads, *pull(jnp.asarray(cotangent))

    for steps in (0, 1, 13, 20):
        whole = pulled_back(KERNEL, push[:steps], pop[:steps], values[:steps], cotangent[:steps])
        for leaf, wanted in zip(reads_and_gradients(steps), whole, strict=True):
            assert_close(leaf[:steps], wanted, 1e-6)
            assert not leaf[steps:].any()


@pytest.mark.parametrize("time", [-1, 3])
def test_a_step_that_has_no_room_is_refused(time):
    passes = KERNEL.passes()
    carry = passes.start_forward(3, jnp.float32)
    with pytest.raises(jax.errors.JaxRuntimeError, match="beyond its room, or out of order"):
        jax.block_until_ready(
            passes.step_forward(carry, jnp.asarray(time), ns.Action(jnp.ones(()), jnp.zeros(()), jnp.ones(WIDTH)))
        )


@pytest.mark.parametrize(("platform", "kernels_inside"), [("cpu", True), ("cuda", False), ("tpu", False)])
@pytest.mark.parametrize("wiring", ["layer", "feedback"])
def test_a_program_for_another_platform_holds_no_kernel(wiring, platform, kernels_inside):
    machine = ns.Machine(ns.NeuralStack(WIDTH), ns.GRULayer, 4, embedding=WIDTH, wiring=wiring, key=jax.random.key(0))
    tokens = jnp.zeros((8, 2), jnp.int32)
    program = jax.jit(jax.grad(lambda machine: machine.batch(tokens).output.sum())).trace(machine)
    assert ("neuralstack_" in program.lower(lowering_platforms=(platform,)).as_text()) is kernels_inside


def test_values_of_another_precision_take_the_pure_form():
    action = ns.Action(jnp.ones(4), jnp.zeros(4), jnp.ones((4, WIDTH), jnp.bfloat16))
    assert "neuralstack_" not in jax.jit(lambda action: ns.run(KERNEL, action)).lower(action).as_text()


@pytest.fixture
def not_built(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    for asked in (kernels.is_built, kernels.warn_if_not_built):
        asked.cache_clear()
    yield
    for asked in (kernels.is_built, kernels.warn_if_not_built):
        asked.cache_clear()


def test_without_kernels_the_pure_form_runs_and_says_so_once(not_built):
    push, pop, values, _ = (part.astype(np.float32) for part in draw("uniform", 10))
    with pytest.warns(UserWarning, match="installed without its C\\+\\+ kernels"):
        reads = ns.run(ns.NeuralStack(WIDTH), ns.Action(push, pop, values))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(ns.run(ns.NeuralStack(WIDTH), ns.Action(push, pop, values)), reads)
    assert_close(reads, stack_forward(push, pop, values)[2], 1e-5)


def test_without_kernels_asking_for_them_is_refused(not_built):
    with pytest.raises(ValueError, match="kernel=True needs the C\\+\\+ kernels, which were not built"):
        ns.NeuralStack(WIDTH, kernel=True)

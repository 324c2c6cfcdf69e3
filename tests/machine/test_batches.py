"""A machine on a batch, on one sequence and step by step: the same numbers, and the same gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CONNECTIONS_UNDER_TEST, CONTROLLERS_UNDER_TEST, MEMORIES_UNDER_TEST, quick
from joined import VOCABULARY, WIDTH, draw_tokens, joined_machine
from neuralstack import QuantizationNoise
from neuralstack.machine import quantized

BATCH = 3
BUFFER, STEPS = 40, 35  # more than a block of the memory's whole-sequence form


def fits(connection, memory):
    read_size = MEMORIES_UNDER_TEST[memory](WIDTH).read_size
    return read_size > 0 or CONNECTIONS_UNDER_TEST[connection].keywords["connection"] in ("skip", "paper")


# A memory with its own forward and backward pass joins in two ways: with the whole sequence at once, or inside the
# unroll. Memories differentiated by their step alone all join in the same way: one connection is enough. In everyday
# tests, the stack stands for all of them, and the connections that are most alike to others are left out.
OWN_PASSES = ("queue", "stack", "stack in pure JAX")
EVERY_DAY = ("none", "stack")
JOINED = [
    (connection, memory)
    for connection in CONNECTIONS_UNDER_TEST
    for memory in MEMORIES_UNDER_TEST
    if fits(connection, memory)
    and (memory in ("none", "stack") or connection == "feedback" or (memory in OWN_PASSES and connection == "layer"))
]


def case(connection, memory, *rest):
    quick = memory in EVERY_DAY and connection in ("layer", "feedback")
    return pytest.param(connection, memory, *rest, marks=() if quick else pytest.mark.slow)


def batch_of_traces(machine, tokens):
    shown = jax.vmap(machine.trace, in_axes=1, out_axes=1)(tokens)
    return shown.logits, shown.action


def batch_to(machine, tokens, steps):
    return tuple(jax.tree.map(lambda leaf: leaf[:STEPS], machine.batch(tokens, steps)))[:2]


def with_gradient(outputs_of, machine, *given):
    """Return the outputs of a machine, and the gradient of their weighted sum with respect to every weight."""
    outputs, pull = jax.vjp(lambda machine: outputs_of(machine, *given), machine)
    return outputs, *pull(like(outputs, seed=2))


def like(tree, seed):
    """Random numbers of the same shapes."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), tree)


def dot(tree, other):
    return sum(map(np.vdot, jax.tree.leaves(tree), jax.tree.leaves(other)))


batch_with_gradient = jax.jit(partial(with_gradient, batch_to))
traces_with_gradient = jax.jit(partial(with_gradient, batch_of_traces))


# Every connection, in everyday tests with the controller that compiles fastest; and every controller, with the
# connection that demands most of the unroll.
DRIVEN = [case(*joined, "elman" if joined[1] in EVERY_DAY else "gru") for joined in JOINED] + [
    pytest.param("feedback", "stack", layer, marks=pytest.mark.slow)
    for layer in CONTROLLERS_UNDER_TEST
    if layer != "elman"
]


@pytest.mark.parametrize(("connection", "memory", "layer"), DRIVEN)
def test_a_batch_is_every_sequence_traced_in_values_and_in_every_gradient(connection, memory, layer, float64):
    layers = 2 if layer == "gru" else 1
    machine, tokens = joined_machine(connection, layer, memory, layers=layers), draw_tokens(BUFFER, BATCH)
    got = batch_with_gradient(machine, tokens, STEPS)
    wanted = traces_with_gradient(machine, tokens[:STEPS])
    for (path, one), other in zip(jax.tree.leaves_with_path(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10, err_msg=jax.tree_util.keystr(path))
    for path, one in jax.tree.leaves_with_path(got[1]):
        assert np.any(one) or one.size == 0, f"nothing is learned at {jax.tree_util.keystr(path)}"


@pytest.mark.parametrize("memory", [pytest.param("stack"), pytest.param("stack and queue", marks=pytest.mark.slow)])
@pytest.mark.parametrize("connection", quick(["layer", "reads", "readout"], "reads"))
def test_noise_rounds_nothing_everything_or_what_is_drawn_by_chance(connection, memory):
    machine, tokens = joined_machine(connection, "elman", memory), draw_tokens(12, BATCH)

    @jax.jit
    def runs(probability):
        return machine.batch(tokens, quantization=QuantizationNoise(probability, jax.random.key(0)))

    rounded = quantized(machine)
    plain, everything = (jax.jit(lambda machine=m: machine.batch(tokens))() for m in (machine, rounded))
    np.testing.assert_array_equal(runs(0.0).logits, plain.logits)
    np.testing.assert_array_equal(runs(1.0).logits, everything.logits)
    np.testing.assert_allclose(batch_of_traces(rounded, tokens)[0], everything.logits, atol=1e-5)
    for numbers in (everything.hidden, *jax.tree.leaves(everything.action)):
        assert set(np.unique(numbers)) <= {-1, 0, 1}
    assert 0.2 < np.mean(np.isin(runs(0.5).hidden, (-1, 0, 1))) < 0.8


@pytest.mark.parametrize(("connection", "memory"), [("layer", "stack"), ("feedback", "stack"), ("paper", "none")])
def test_calling_a_machine_puts_out_what_its_trace_shows(connection, memory, float64):
    machine, tokens = joined_machine(connection, "elman", memory), draw_tokens(12)
    output, shown = jax.jit(lambda tokens: (machine(tokens), machine.trace(tokens)))(tokens)
    assert output.shape == (12, VOCABULARY)
    np.testing.assert_allclose(output, shown.logits, atol=1e-12)


@pytest.mark.parametrize("memory", MEMORIES_UNDER_TEST)
def test_a_trace_shows_what_was_read_and_what_is_left_at_every_step(memory):
    machine = joined_machine("paper", "elman", memory)
    shown = jax.eval_shape(machine.trace, draw_tokens(12))
    assert shown.read.shape == (12, machine.memory.read_size)
    left = jax.eval_shape(lambda: machine.memory.strengths(machine.memory.init(12)))
    assert shown.strengths.shape == (12, *left.shape)


# The two ways to join a memory: at once and inside the unroll.
@pytest.mark.parametrize("connection", ["layer", "feedback"])
def test_one_compilation_gives_every_length_the_gradient_that_finite_differences_have(connection, float64):
    machine, tokens = joined_machine(connection, "elman", "stack"), draw_tokens(BUFFER, BATCH)
    direction, small, compilations = like(machine, seed=3), 1e-6, 0

    @jax.jit
    def loss_and_gradient(machine, tokens, steps):
        nonlocal compilations
        compilations += 1

        def loss(machine):
            scored = jnp.arange(BUFFER)[:, None, None] < steps
            return jnp.where(scored, machine.batch(tokens, steps).logits ** 2, 0).sum()

        return jax.value_and_grad(loss)(machine)

    def loss(distance, steps):
        moved = jax.tree.map(lambda leaf, way: leaf + distance * way, machine, direction)
        return float(loss_and_gradient(moved, tokens, steps)[0])

    for steps in (1, 20, BUFFER):
        difference = (loss(small, steps) - loss(-small, steps)) / (2 * small)
        gradient = loss_and_gradient(machine, tokens, steps)[1]
        np.testing.assert_allclose(dot(gradient, direction), difference, rtol=1e-5)
    assert compilations == 1

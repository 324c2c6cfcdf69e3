"""Promises of the kernels alone; tests/memories checks that they compute these memories, like every other form."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import neuralstack as ns
from cases import quick
from neuralstack import kernels
from neuralstack.memories import batch_reads_of
from neuralstack.reference import (
    deque_backward,
    deque_forward,
    queue_backward,
    queue_forward,
    stack_backward,
    stack_forward,
)
from small import drawn_machine

if not kernels.are_available():
    pytest.skip("neuralstack was installed without its kernels", allow_module_level=True)

WIDTH = 5
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}  # of the largest number in an array
MEMORIES = {"stack": ns.NeuralStack, "queue": ns.NeuralQueue, "deque": ns.NeuralDeque}
KERNELS, PURES = ({name: memory(WIDTH, kernel=kernel) for name, memory in MEMORIES.items()} for kernel in (True, False))
TRACKS = {"stack": 1, "queue": 1, "deque": 2}
ONE_END = {"stack": (stack_forward, stack_backward), "queue": (queue_forward, queue_backward)}
KINDS = {
    "uniform": lambda rng, shape: rng.random(shape),
    "near 0": lambda rng, shape: 0.02 * rng.random(shape),
    "near 1": lambda rng, shape: 1 - 0.02 * rng.random(shape),
    "0 or 1": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
}


def draw(name, kind, *shape):
    """Push and pop strengths, values and cotangents of the reads, by track, of sequences of one kind."""
    rng, shape = np.random.default_rng(shape[-1]), (*shape, TRACKS[name])
    push, pop = KINDS[kind](rng, (2, *shape))
    return push, pop, *rng.normal(size=(2, *shape, WIDTH))


@partial(jax.jit, static_argnums=0)
def pulled_back(memory, push, pop, values, cotangent):
    """The reads by track, and the gradients of the strengths and the values for a cotangent of the reads."""

    def run(push, pop, values):
        ends = [ns.Action(push[:, k], pop[:, k], values[:, k]) for k in range(push.shape[1])]
        action = ends[0] if len(ends) == 1 else ns.DequeAction(*ends)
        return ns.run(memory, action).reshape(values.shape)

    reads, pull = jax.vjp(run, push, pop, values)
    return reads, *pull(cotangent)


def by_reference(name, push, pop, values, cotangent):
    tracks = [(push[:, k], pop[:, k], values[:, k]) for k in range(TRACKS[name])]
    cotangents = [cotangent[:, k] for k in range(TRACKS[name])]
    if name == "deque":
        reads = deque_forward(*tracks[0], *tracks[1])[2:]
        gradient = deque_backward(*tracks[0], *tracks[1], *cotangents)
    else:
        forward, backward = ONE_END[name]
        reads, gradient = forward(*tracks[0])[2:], backward(*tracks[0], *cotangents)
    return [np.stack(parts, 1) for parts in (reads, gradient[::3], gradient[1::3], gradient[2::3])]


def assert_close(got, wanted, tolerance):
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        scale = np.abs(other).max(initial=0) or 1
        np.testing.assert_allclose(np.asarray(one) / scale, np.asarray(other) / scale, rtol=0, atol=tolerance)


@partial(jax.jit, static_argnums=0)
def pulled_back_each(memory, *given):
    return jax.vmap(partial(pulled_back, memory))(*given)


@pytest.mark.parametrize(
    ("steps", "dtype"),
    [
        (0, np.float32),
        (1, np.float64),
        (40, np.float64),
        pytest.param(2, np.float32, marks=pytest.mark.slow),
        pytest.param(100, np.float32, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("name", MEMORIES)
def test_reads_and_gradients_are_those_of_the_reference_in_both_precisions(name, dtype, steps, float64):
    given = [np.stack(parts).astype(dtype) for parts in zip(*(draw(name, kind, steps) for kind in KINDS), strict=True)]
    found = jax.device_get(pulled_back_each(KERNELS[name], *given))
    for row, parts in enumerate(zip(*given, strict=True)):
        assert_close([leaf[row] for leaf in found], by_reference(name, *parts), TOLERANCE[dtype])


@pytest.mark.parametrize("name", MEMORIES)
def test_a_population_of_batches_is_one_call_and_gives_what_a_loop_gives(name):
    given = [part.astype(np.float32) for part in draw(name, "uniform", 3, 4, 40)]
    one = partial(pulled_back, KERNELS[name])
    mapped = jax.jit(jax.vmap(jax.vmap(one))).lower(*given)
    rows = [jax.device_get(one(*(part[i, j] for part in given))) for i in range(3) for j in range(4)]
    wanted = jax.tree.map(lambda *leaves: np.reshape(leaves, (3, 4, *leaves[0].shape)), *rows)
    assert_close(mapped.compile()(*given), wanted, 1e-6)
    assert mapped.as_text().count(f"custom_call @neuralstack_{name}_forward") == 1


def test_batch_and_population_may_share_some_of_their_operands():
    push, pop, values, _ = (part[..., 0].astype(np.float32) for part in draw("stack", "uniform", 4, 20))
    values = np.moveaxis(draw("stack", "uniform", 4, 20)[2], 2, 0)[0].astype(np.float32)

    @jax.jit
    def reads(push, values):
        return ns.run(KERNELS["stack"], ns.Action(push, pop[0], values))

    mapped = jax.jit(jax.vmap(jax.vmap(reads, in_axes=(0, None)), in_axes=(None, 0)))(push, values)
    wanted = [[reads(one, other) for one in push] for other in values]
    assert_close(mapped, np.array(wanted), 1e-6)


@pytest.mark.parametrize(
    ("name", "controller", "connection"),
    [
        ("stack", "gru", "layer"),
        pytest.param("queue", "elman", "feedback", marks=pytest.mark.slow),
        pytest.param("deque", "elman", "feedback", marks=pytest.mark.slow),
        pytest.param("stack", "elman", "paper", marks=pytest.mark.slow),
        pytest.param("stack", "lstm", "feedback", marks=pytest.mark.slow),
    ],
)
def test_a_machine_has_the_output_and_every_gradient_of_the_pure_form(name, controller, connection, float64):
    tokens = jnp.asarray(np.random.default_rng(1).integers(0, 4, (30, 3)))

    @jax.jit
    def loss_and_gradient(machine, steps):
        def loss(machine):
            return jnp.sin(machine.batch(tokens, steps).logits[:17]).sum()

        return jax.value_and_grad(loss)(machine)

    found, wanted = (
        loss_and_gradient(
            drawn_machine(ns.CONTROLLERS[controller], memory, 4, hidden=6, embedding=WIDTH, connection=connection), 17
        )
        for memory in (KERNELS[name], PURES[name])
    )
    assert_close(found, wanted, TOLERANCE[np.float64])


STEPS = 12
VALUES, COTANGENT = np.random.default_rng(3).normal(size=(2, STEPS, 2, WIDTH))


def strengths(one):
    return st.lists(one, min_size=2 * STEPS, max_size=2 * STEPS).map(lambda drawn: np.array(drawn).reshape(STEPS, 2))


def of_tracks(name, *given):
    return [part[:, : TRACKS[name]] for part in given]


# Eighths tie often, and add up without rounding.
@pytest.mark.parametrize("name", quick(MEMORIES, "deque"))
@given(push=strengths(st.integers(0, 8)), pop=strengths(st.integers(0, 8)))
def test_no_strengths_are_found_for_which_reads_or_gradients_differ(name, push, pop):
    given = of_tracks(name, push / 8, pop / 8, VALUES, COTANGENT)
    with jax.enable_x64(True):
        assert_close(pulled_back(KERNELS[name], *given), by_reference(name, *given), TOLERANCE[np.float64])


@pytest.mark.parametrize("name", quick(MEMORIES, "deque"))
@given(push=strengths(st.floats(width=32)), pop=strengths(st.floats(width=32)))
def test_any_number_at_all_is_survived(name, push, pop):
    """NaN and infinity too: nothing outside the arrays is touched."""
    with np.errstate(invalid="ignore"):
        given = [part.astype(np.float32) for part in of_tracks(name, push, pop, VALUES, COTANGENT)]
    found = pulled_back(KERNELS[name], *given)
    assert [leaf.shape for leaf in found] == [given[part].shape for part in (2, 0, 1, 2)]


@pytest.mark.parametrize(("pushed", "popped"), [((0.7, 1), (0, 0.3)), ((0, 1), (0, 1)), ((0, 0.05), (0, 0.05))])
@pytest.mark.parametrize("name", MEMORIES)
def test_a_very_long_sequence_loses_no_precision(name, pushed, popped):
    steps, rng = 20_000, np.random.default_rng(0)
    shape = steps, TRACKS[name]
    push, pop = rng.uniform(*pushed, shape), rng.uniform(*popped, shape)
    values, cotangent = rng.normal(size=(2, *shape, 2))
    given = [part.astype(np.float32) for part in (push, pop, values, cotangent)]
    memory = MEMORIES[name](2, kernel=True)
    got = pulled_back(memory, *given)
    with jax.enable_x64(True):
        wanted = pulled_back(memory, *(part.astype(np.float64) for part in given))
    assert_close(got, wanted, 1e-5)


@pytest.mark.parametrize("name", MEMORIES)
def test_a_memory_that_is_emptied_again_and_again_forgets_what_was_before(name):
    rng, shape = np.random.default_rng(0), (999, TRACKS[name])
    push, (values, cotangent) = 0.15 * rng.random(shape), rng.normal(size=(2, *shape, WIDTH))
    pop = np.repeat((np.arange(999) % 3 == 0).astype(float)[:, None], TRACKS[name], axis=1)
    given = push, pop, values, cotangent
    thirds = [np.reshape(part, (-1, 3, *part.shape[1:])) for part in given]
    with jax.enable_x64(True):
        whole = pulled_back(KERNELS[name], *given)
        parts = pulled_back_each(KERNELS[name], *thirds)
    assert_close(whole, jax.tree.map(lambda leaf, like: leaf.reshape(like.shape), parts, whole), 1e-12)


@pytest.mark.parametrize(("name", "steps"), [("stack", 9), ("queue", 6), ("deque", 9), ("several", 6)])
def test_a_batch_that_lies_time_first_gets_to_the_last_bit_what_each_sequence_gets(name, steps):
    names = ["stack", "deque"] if name == "several" else [name]
    memory = ns.CompositeMemory(*(KERNELS[one] for one in names)) if name == "several" else KERNELS[name]
    drawn = jax.tree.map(lambda array: array.astype(np.float32), [draw(one, "uniform", 9, 4) for one in names])
    actions = [ns.Action(push, pop, value) for push, pop, value, _ in drawn]
    actions = [
        ns.DequeAction(*(jax.tree.map(lambda array, k=k: array[:, :, k], action) for k in range(2)))
        if one == "deque"
        else jax.tree.map(lambda array: array[:, :, 0], action)
        for one, action in zip(names, actions, strict=True)
    ]
    action = tuple(actions) if name == "several" else actions[0]
    cotangent = np.random.default_rng(1).normal(size=(9, 4, memory.read_size)).astype(np.float32)

    @partial(jax.jit, static_argnums=0)
    def both(run, action):
        reads, pull = jax.vjp(lambda action: run(action), action)
        return reads, pull(jnp.asarray(cotangent))

    batch = partial(batch_reads_of, memory, steps=jnp.asarray(steps))
    each = jax.vmap(partial(memory.run, steps=steps), in_axes=1, out_axes=1)
    wanted = both(each, action)
    jax.tree.map(np.testing.assert_array_equal, both(batch, action), wanted)
    doubled = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf], 1), action)  # a population of batches
    jax.tree.map(np.testing.assert_array_equal, jax.jit(jax.vmap(batch, in_axes=1))(doubled)[1], wanted[0])


def test_steps_beyond_those_asked_for_read_nothing_and_get_no_gradient():
    given = [part.astype(np.float32) for part in draw("deque", "uniform", 20)]
    push, pop, values, cotangent = given

    @jax.jit
    def reads_and_gradients(steps):
        def run(push, pop, values):
            ends = [ns.Action(push[:, k], pop[:, k], values[:, k]) for k in range(2)]
            return KERNELS["deque"].run(ns.DequeAction(*ends), steps).reshape(values.shape)

        reads, pull = jax.vjp(run, push, pop, values)
        return reads, *pull(jnp.asarray(cotangent))

    for steps in (0, 13, 20):
        whole = pulled_back(KERNELS["deque"], *(part[:steps] for part in given))
        for leaf, wanted in zip(reads_and_gradients(steps), whole, strict=True):
            assert_close(leaf[:steps], wanted, 1e-6)
            assert not leaf[steps:].any()


@pytest.mark.parametrize("time", [-1, 3])
def test_a_step_that_has_no_room_is_refused(time):
    vjp = KERNELS["stack"].sequence_vjp()
    carry = vjp.start_forward(3, jnp.float32)
    with pytest.raises(jax.errors.JaxRuntimeError, match="beyond its room, or out of order"):
        jax.block_until_ready(
            vjp.step_forward(carry, jnp.asarray(time), ns.Action(jnp.ones(()), jnp.zeros(()), jnp.ones(WIDTH)))
        )


@pytest.mark.parametrize(("name", "connection"), [("stack", "layer"), ("stack", "feedback"), ("deque", "layer")])
@pytest.mark.slow
def test_where_there_are_other_platforms_a_program_for_them_holds_no_kernel(name, connection, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    machine = drawn_machine(ns.Elman, MEMORIES[name](WIDTH), 4, hidden=6, embedding=WIDTH, connection=connection)
    tokens = jnp.zeros((8, 2), jnp.int32)
    program = jax.jit(jax.grad(lambda machine: machine.batch(tokens).logits.sum())).trace(machine)
    for platform, kernels_inside in (("cpu", True), ("cuda", False), ("tpu", False)):
        assert ("neuralstack_" in program.lower(lowering_platforms=(platform,)).as_text()) is kernels_inside, platform


@pytest.mark.parametrize("name", MEMORIES)
def test_values_of_another_precision_take_the_pure_form(name):
    end = ns.Action(jnp.ones(4), jnp.zeros(4), jnp.ones((4, WIDTH), jnp.bfloat16))
    action = ns.DequeAction(end, end) if name == "deque" else end
    assert "neuralstack_" not in jax.jit(lambda action: ns.run(KERNELS[name], action)).lower(action).as_text()

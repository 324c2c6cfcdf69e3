"""Memories with discrete actions: each is a plain list, with some further promises."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import (
    Action,
    HardStack,
    MixedAction,
    NeuralStack,
    PointerStack,
    SuperpositionStack,
    Tape,
    TapeAction,
    run,
    soft_assign,
    soft_lookup,
)
from neuralstack.reference import superposition_backward, superposition_forward

STEPS, WIDTH = 30, 3
RNG = np.random.default_rng(0)


def draw_operations(steps, kinds, weights=None):
    """One-hot rows."""
    return np.eye(kinds, dtype=np.float32)[RNG.choice(kinds, steps, p=weights)]


def draw_values(*shape):
    return RNG.random(shape).astype(np.float32)


@pytest.mark.parametrize("depth_read", [1, 2])
def test_a_superposition_stack_with_one_hot_actions_is_a_list_for_each_stack(depth_read):
    memory = SuperpositionStack(WIDTH, stacks=2, depth_read=depth_read)
    operations = np.stack([draw_operations(STEPS, 3), draw_operations(STEPS, 3)], axis=1)
    values = draw_values(STEPS, 2, WIDTH)
    reads = np.reshape(run(memory, MixedAction(operations, values)), (STEPS, 2, depth_read, WIDTH))
    for stack in range(2):
        items = []
        for time in range(STEPS):
            operation = operations[time, stack].argmax()
            if operation == 0:
                items.insert(0, values[time, stack])
            elif operation == 1:
                items = items[1:]
            wanted = (items + depth_read * [np.full(WIDTH, -1.0)])[:depth_read]
            np.testing.assert_array_equal(reads[time, stack], wanted)


def test_a_superposition_stack_has_the_cells_and_gradients_of_the_reference(float64):
    steps = 12
    a, v = RNG.dirichlet(np.ones(3), steps), RNG.normal(size=(steps, WIDTH))
    memory = SuperpositionStack(WIDTH, depth_read=steps)
    cotangent = RNG.normal(size=(steps, steps, WIDTH))
    cells, pull = jax.vjp(lambda *given: run(memory, MixedAction(*given)), a[:, None], v[:, None])
    np.testing.assert_allclose(np.reshape(cells, cotangent.shape), superposition_forward(a, v), atol=1e-12)
    wanted = superposition_backward(a, v, cotangent)
    for one, other in zip(pull(jnp.asarray(cotangent.reshape(steps, -1))), wanted, strict=True):
        np.testing.assert_allclose(one[:, 0], other, atol=1e-12)


def test_what_is_filled_of_a_superposition_stack_is_what_was_pushed_and_not_popped():
    memory = SuperpositionStack(1)
    state = memory.init(4)
    for operation in ([1.0, 0, 0], [1.0, 0, 0], [0, 0.5, 0.5]):
        state, _ = memory.step(state, MixedAction([operation], [[0.3]]))
    np.testing.assert_allclose(memory.strengths(state), [1, 0.5, 0, 0])


def test_a_pointer_stack_with_one_hot_actions_is_a_list():
    operations, values = draw_operations(STEPS, 3, [0.4, 0.4, 0.2]), draw_values(STEPS, WIDTH)
    reads = run(PointerStack(WIDTH), MixedAction(operations, values))
    items = []
    for time in range(STEPS):
        if operations[time, 0]:
            items.append(values[time])
        elif operations[time, 1]:
            items = items[:-1]
        np.testing.assert_array_equal(reads[time], items[-1] if items else np.zeros(WIDTH))


def test_a_compiled_pointer_stack_saturates_at_both_ends():
    @jax.jit
    def overfilled(values):
        state = PointerStack(1).init(2)
        for value in values:
            state = PointerStack.push(state, value)
        full = state
        taken = []
        for _ in range(4):
            state, element = PointerStack.pop(state)
            taken.append(element[0])
        return full, state, jnp.stack(taken)

    full, empty, taken = overfilled(jnp.array([[1.0], [2.0], [3.0]]))
    assert full.buffer.ravel().tolist() == [1.0, 2.0]  # the third was lost
    assert full.pointer.tolist() == [0, 0, 1]
    assert taken.tolist() == [2.0, 1.0, 0.0, 0.0]
    assert empty.pointer.tolist() == [1, 0, 0]


def test_a_pointer_stack_of_an_existing_buffer_gives_back_its_elements_of_any_shape():
    buffer = draw_values(3, 2, 2)
    state = PointerStack.from_buffer(jnp.asarray(buffer))
    for wanted in buffer[::-1]:
        np.testing.assert_array_equal(PointerStack.peek(state), wanted)
        state, element = PointerStack.pop(state)
        np.testing.assert_array_equal(element, wanted)


def test_assigning_softly_and_looking_up_there_gives_the_mixture_of_old_and_new():
    buffer, position, element = jnp.asarray(draw_values(4, 2)), jnp.array([0.0, 0.25, 0.75, 0.0]), jnp.ones(2)
    assigned = soft_assign(buffer, position, element)
    np.testing.assert_array_equal(assigned[jnp.array([0, 3])], buffer[jnp.array([0, 3])])
    wanted = sum(p * (row + p * (1 - row)) for p, row in zip(position, buffer, strict=True))
    np.testing.assert_allclose(soft_lookup(assigned, position), wanted, rtol=1e-6)


def test_a_hard_stack_is_the_neural_stack_with_strengths_of_0_and_1():
    push, pop = (RNG.random((2, STEPS)) < [[0.6], [0.4]]).astype(np.float32)
    action = Action(push, pop, draw_values(STEPS, WIDTH))
    np.testing.assert_array_equal(run(HardStack(WIDTH), action), run(NeuralStack(WIDTH), action))


@pytest.mark.slow
def test_a_hard_stack_passes_true_gradients_to_values_and_differences_to_strengths(float64):
    push, pop = (RNG.random((2, STEPS)) < [[0.6], [0.4]]).astype(float)
    values, cotangent = RNG.normal(size=(2, STEPS, WIDTH))
    gradient = jax.grad(lambda action: (run(HardStack(WIDTH), action) * cotangent).sum())
    found = gradient(Action(push, pop, values))
    wanted = jax.grad(lambda values: (run(NeuralStack(WIDTH), Action(push, pop, values)) * cotangent).sum())(values)
    np.testing.assert_allclose(found.value, wanted, atol=1e-12)
    last = STEPS - 1  # a change of the last choice has no later reads to affect
    for name in ("push", "pop"):
        other = Action(push.copy(), pop.copy(), values)
        chosen = getattr(other, name)
        chosen[last] = 1 - chosen[last]
        difference = (run(HardStack(WIDTH), other) - run(HardStack(WIDTH), Action(push, pop, values)))[last]
        slope = float(cotangent[last] @ np.asarray(difference)) / (2 * chosen[last] - 1)
        np.testing.assert_allclose(getattr(found, name)[last], slope, atol=1e-12)


def test_a_tape_with_one_hot_actions_is_a_list_under_a_head():
    moves, values = draw_operations(STEPS, 4, [0.2, 0.2, 0.5, 0.1]), draw_values(STEPS, WIDTH)
    write = RNG.integers(0, 2, STEPS).astype(np.float32)
    reads = run(Tape(WIDTH), TapeAction(write, moves, values))
    cells, place = np.zeros((STEPS + 1, WIDTH)), 0
    for time in range(STEPS):
        if write[time]:
            cells[place] = values[time]
        place = [max(place - 1, 0), place, place + 1, 0][moves[time].argmax()]
        np.testing.assert_array_equal(reads[time], cells[place])


@pytest.mark.slow
def test_going_backwards_a_replayed_memory_keeps_few_of_its_states():
    def kept(steps):
        memory = PointerStack(4)
        raw = jnp.zeros((steps, memory.action_size))
        program = jax.jit(jax.grad(lambda raw: run(memory, memory.decode(raw)).sum())).lower(raw).compile()
        return program.memory_analysis().temp_size_in_bytes

    small, large = kept(64), kept(1024)
    state = 4 * 1024 * 5
    assert large < 2.5 * 32 * state  # two times the square root of the length
    assert large < 80 * small


@partial(jax.jit, static_argnums=0)
def both_gradients(memory, raw):
    def by_steps(raw):
        return jax.lax.scan(memory.step, memory.init(len(raw)), memory.decode(raw))[1]

    def by_run(raw):
        return run(memory, memory.decode(raw))

    return [jax.grad(lambda raw, form=form: jnp.sin(form(raw)).sum())(raw) for form in (by_steps, by_run)]


@pytest.mark.parametrize(
    ("memory", "steps"),
    [
        (PointerStack(2), 10),
        *(pytest.param(PointerStack(2), steps, marks=pytest.mark.slow) for steps in (1, 2, 9, 37)),
        pytest.param(SuperpositionStack(2, stacks=2), 10, marks=pytest.mark.slow),
        pytest.param(Tape(2), 10, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_replayed_gradients_are_those_of_automatic_differentiation_at_every_length(memory, steps, float64):
    one, other = both_gradients(memory, RNG.normal(size=(steps, memory.action_size)))
    np.testing.assert_allclose(one, other, atol=1e-12)

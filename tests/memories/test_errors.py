import re

import jax.numpy as jnp
import pytest

from neuralstack import (
    Action,
    CompositeMemory,
    DequeAction,
    HardStack,
    MixedAction,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    PointerStack,
    SuperpositionStack,
    Tape,
    TapeAction,
    run,
)

WITH_WIDTH = {
    NeuralStack: "NeuralStack's values",
    NeuralQueue: "NeuralQueue's values",
    NeuralDeque: "NeuralDeque's values",
    PointerStack: "PointerStack's values",
    HardStack: "HardStack's values",
    Tape: "Tape's cells",
}


@pytest.mark.parametrize("width", [0, -2])
@pytest.mark.parametrize("memory", WITH_WIDTH)
def test_a_memory_of_no_width_is_refused(memory, width):
    with pytest.raises(ValueError, match=f"{WITH_WIDTH[memory]} must be at least 1 wide, got width={width}."):
        memory(width)


@pytest.mark.parametrize("sizes", [{"width": 0}, {"stacks": 0}, {"depth_read": -1}], ids=str)
def test_a_superposition_of_nothing_is_refused(sizes):
    with pytest.raises(ValueError, match="a superposition stack's sizes must be at least 1, got width="):
        SuperpositionStack(**{"width": 1, **sizes})


# A memory, an action of one step that does not fit, and the message.
MISFITS = {
    "a value of another width": (
        NeuralStack(3),
        Action(1.0, 0.0, [1.0, 2.0]),
        "NeuralStack takes push [], pop [], value [3]; got push [], pop [], value [2].",
    ),
    "one strength in a list": (
        NeuralQueue(1),
        Action([1.0], 0.0, [1.0]),
        "NeuralQueue takes push [], pop [], value [1]; got push [1], pop [], value [1].",
    ),
    "a value without a width": (
        HardStack(1),
        Action(1.0, 0.0, 1.0),
        "HardStack takes push [], pop [], value [1]; got push [], pop [], value [].",
    ),
    "two weights": (
        PointerStack(1),
        MixedAction([0.5, 0.5], [1.0]),
        "PointerStack takes operation [3], value [1]; got operation [2], value [1].",
    ),
    "one stack of two": (
        SuperpositionStack(1, stacks=2),
        MixedAction([[1.0, 0.0, 0.0]], [[1.0]]),
        "SuperpositionStack takes operation [2, 3], value [2, 1]; got operation [1, 3], value [1, 1].",
    ),
    "three moves": (
        Tape(1),
        TapeAction(1.0, [1.0, 0.0, 0.0], [1.0]),
        "Tape takes write [], move [4], value [1]; got write [], move [3], value [1].",
    ),
    "a push outside of [0, 1]": (
        NeuralStack(1),
        Action(1.5, 0.0, [1.0]),
        "NeuralStack's push must lie in [0, 1], got 1.5.",
    ),
    "a negative push": (NeuralQueue(1), Action(-0.5, 0.0, [1.0]), "NeuralQueue's push must lie in [0, 1], got -0.5."),
    "a pop of more than one element": (NeuralStack(1), Action(0.0, 7, [1.0]), "pop must lie in [0, 1], got 7."),
    "a pop that is no number": (NeuralStack(1), Action(0.0, float("nan"), [1.0]), "pop must lie in [0, 1], got nan."),
    "a pop at one of two ends": (
        NeuralDeque(1),
        DequeAction(Action(1.0, 0.0, [1.0]), Action(1.0, 2.0, [1.0])),
        "pop at the bottom must lie in [0, 1], got 2.",
    ),
    "half a push": (HardStack(1), Action(0.5, 0.0, [1.0]), "HardStack's push must be 0 or 1, got 0.5."),
    "weights of more than 1": (
        PointerStack(1),
        MixedAction([1.0, 1.0, 0.0], [1.0]),
        "the weights of push, pop and no-op must add up to 1, got 2.",
    ),
    "one action for two memories": (
        CompositeMemory(NeuralStack(1), NeuralStack(1)),
        (Action(1.0, 0.0, [1.0]),),
        "CompositeMemory takes a tuple of 2 actions, one per memory, got 1.",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_an_action_that_does_not_fit_is_refused(misfit):
    memory, action, message = MISFITS[misfit]
    with pytest.raises(ValueError, match=re.escape(message)):
        memory.step(memory.init(1), action)


@pytest.mark.parametrize(
    ("push", "pop", "value", "given"),
    [
        ([1.0, 1.0], [0.0], [[1.0]], "push [2], pop [1], value [1, 1]"),
        ([1.0, 1.0], [0.0, 0.0], [[1.0]], "push [2], pop [2], value [1, 1]"),
        (1.0, 0.0, [1.0], "push [], pop [], value [1]"),
        (jnp.ones((2, 1)), jnp.ones((2, 1)), jnp.ones((2, 1, 1)), "push [2, 1], pop [2, 1], value [2, 1, 1]"),
    ],
    ids=["pushes and pops differ in length", "strengths and values differ in length", "one step", "a batch"],
)
def test_a_run_takes_as_many_values_as_strengths(push, pop, value, given):
    wanted = "NeuralStack takes push [steps], pop [steps], value [steps, 1]; got "
    with pytest.raises(ValueError, match=re.escape(wanted + given)):
        run(NeuralStack(1), Action(push, pop, value))


def test_a_strength_out_of_range_is_named_with_its_step():
    with pytest.raises(ValueError, match=re.escape("push must lie in [0, 1], got 1.25 at [2].")):
        run(NeuralStack(1), Action([1.0, 0.5, 1.25], [0.0, 0.0, 0.0], [[1.0], [2.0], [3.0]]))


def test_both_ends_of_a_deque_take_as_many_actions():
    one, two = (Action([1.0] * steps, [0.0] * steps, [[1.0]] * steps) for steps in (1, 2))
    with pytest.raises(ValueError, match="must have the same number of actions, got 1 at the top and 2 at the bottom"):
        run(NeuralDeque(1), DequeAction(one, two))


def test_several_memories_are_at_least_one():
    with pytest.raises(ValueError, match="CompositeMemory needs at least one memory, got none"):
        CompositeMemory()


def test_a_pointer_stack_says_when_it_is_full_or_empty():
    stack = PointerStack(1)
    state = stack.init(1)
    for look in (stack.pop, stack.peek):
        with pytest.raises(ValueError, match="the stack is empty: push before you pop or peek"):
            look(state)
    state = stack.push(state, jnp.ones(1))
    with pytest.raises(ValueError, match="the stack is full: it has room for 1 elements, and holds as many"):
        stack.push(state, jnp.ones(1))

import re

import jax.numpy as jnp
import pytest

from neuralstack import Action, NeuralStack, run


@pytest.mark.parametrize("width", [0, -2])
def test_a_stack_of_no_width_is_refused(width):
    with pytest.raises(ValueError, match=re.escape(f"values must be at least 1 wide, got width={width}.")):
        NeuralStack(width)


def test_a_value_of_another_width_is_refused():
    stack = NeuralStack(3)
    message = re.escape("this stack holds values of width 3, got one of width 2.")
    with pytest.raises(ValueError, match=message):
        stack.step(stack.init(1), Action(1.0, 0.0, [1.0, 2.0]))
    with pytest.raises(ValueError, match=message):
        run(stack, Action([1.0], [0.0], [[1.0, 2.0]]))


@pytest.mark.parametrize(
    ("push", "pop", "value", "shapes"),
    [
        ([1.0], 0.0, [1.0], "(1,), () and (1,)"),
        (1.0, 0.0, 1.0, "(), () and ()"),
        ([1.0], [0.0], [[1.0]], "(1,), (1,) and (1, 1)"),
    ],
    ids=["one strength in a list", "a value without a width", "a whole sequence"],
)
def test_a_step_takes_numbers_and_a_vector(push, pop, value, shapes):
    stack = NeuralStack(1)
    message = re.escape(f"this stack takes numbers and a vector; got shapes {shapes}.")
    with pytest.raises(ValueError, match=message):
        stack.step(stack.init(1), Action(push, pop, value))


@pytest.mark.parametrize(
    ("push", "pop", "value", "shapes"),
    [
        ([1.0, 1.0], [0.0], [[1.0]], "(2,), (1,) and (1, 1)"),
        ([1.0, 1.0], [0.0, 0.0], [[1.0]], "(2,), (2,) and (1, 1)"),
        (1.0, 0.0, [1.0], "(), () and (1,)"),
        (jnp.ones((2, 1)), jnp.ones((2, 1)), jnp.ones((2, 1, 1)), "(2, 1), (2, 1) and (2, 1, 1)"),
    ],
    ids=["pushes and pops differ in length", "strengths and values differ in length", "one step", "a batch"],
)
def test_a_run_takes_as_many_values_as_strengths(push, pop, value, shapes):
    message = "push and pop of shape [steps] and a value of shape [steps, width]"
    with pytest.raises(ValueError, match=re.escape(f"this stack takes {message}; got shapes {shapes}.")):
        run(NeuralStack(1), Action(push, pop, value))

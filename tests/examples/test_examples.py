import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name):
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def soft_stack():
    return load("soft_stack")


def test_the_soft_stack_gives_back_what_was_pushed_last(soft_stack):
    assert soft_stack.push_pop_peek() == [3, 3, 2]


def test_two_soft_stacks_reverse_a_list_and_every_element_has_the_gradient_one(soft_stack):
    numbers = jnp.arange(5.0)
    np.testing.assert_array_equal(soft_stack.reverse(numbers), numbers[::-1])
    np.testing.assert_array_equal(jax.grad(lambda numbers: soft_stack.reverse(numbers).sum())(numbers), jnp.ones(5))


def test_an_input_is_learned_through_two_soft_stacks(soft_stack):
    losses = soft_stack.learn_input(jnp.array([3.0, 1.0, -0.5, 2.0]))
    assert 3 < losses[0] < 4
    assert losses[-1] < 1e-3


def test_the_tour_prints_what_it_says(soft_stack, capsys):
    soft_stack.main()
    printed = capsys.readouterr().out
    assert "peek 3, pop 3, peek 2" in printed
    assert "[3.0, 2.0, 1.0]" in printed


@pytest.mark.slow
def test_plain_jax_code_learns_with_a_memory():
    before, after = load("plain_scan").train()
    assert before < 0.6
    assert after == 1

"""Sums, products and roots of numbers as bits: exact, and drawn uniformly."""

import math
import re
from itertools import product

import jax
import pytest

from cases import quick
from drawn_texts import DRAWS, assert_uniform, sources, texts
from neuralstack import TASKS

OPERATORS = {"binary-addition": "+", "binary-multiplication": "*"}


def of_two_numbers(operator):
    def brute_force(text):
        first, second = (int("0" + part[::-1], 2) for part in text.split(operator))
        return f"{eval(f'{first}{operator}{second}'):b}"[::-1] + operator

    return brute_force


ARITHMETIC = {
    **{name: of_two_numbers(operator) for name, operator in OPERATORS.items()},
    "compute-sqrt": lambda bits: f"{math.isqrt(int(bits, 2)):b}".zfill(-(-len(bits) // 2)),
}


arithmetic = pytest.mark.parametrize("name", ARITHMETIC)


def as_long_as_the_answer(task, text, wanted):
    size = task.answer_length(len(text))
    return wanted.ljust(size, "0")[:size]


@pytest.mark.parametrize(("name", "operator"), OPERATORS.items())
def test_two_short_numbers_have_the_answer_of_python(name, operator):
    task = TASKS[name]()
    for text in sources("01" + operator, 7):
        if text.count(operator) == 1:
            wanted = as_long_as_the_answer(task, text, ARITHMETIC[name](text))
            assert task.decode(task.answer(task.encode(text))) == wanted


@pytest.mark.parametrize("name", quick(ARITHMETIC, "compute-sqrt"))
def test_every_sum_product_and_root_of_short_numbers_is_drawn_and_exact(name):
    task, length = TASKS[name](max_length=20), 7
    draw = jax.jit(jax.vmap(lambda key: task.draw(key, length)[::2]))
    pairs = zip(*jax.device_get(draw(jax.random.split(jax.random.key(3), DRAWS))), strict=True)
    answers = {task.decode(source[:length].tolist()): target.tolist() for source, target in pairs}
    shape = "[01]+" if name == "compute-sqrt" else r"[01]+[+*][01]+"
    possible = ("".join(text) for text in product(task.vocabulary, repeat=length))
    numbers = [(text, re.split("[+*]", text)) for text in possible if re.fullmatch(shape, text)]
    assert answers.keys() == {text for text, parts in numbers if all("1" in part for part in parts)}
    for text, target in answers.items():
        wanted = as_long_as_the_answer(task, text, ARITHMETIC[name](text))
        assert task.decode(target[: len(wanted)]) == wanted


@arithmetic
def test_arithmetic_needs_no_rounding(name):
    program = str(jax.make_jaxpr(TASKS[name](max_length=9).draw)(jax.random.key(0), 9))
    assert ":i32[9]" in program
    assert ":f" not in program


@pytest.mark.parametrize("name", quick(OPERATORS, "binary-addition"))
def test_the_operator_stands_anywhere_between_two_numbers(name):
    assert_uniform([text.index(OPERATORS[name]) for text in texts(name, 7)], range(1, 6))


@pytest.mark.parametrize("name", quick(OPERATORS, "binary-multiplication"))
def test_both_numbers_are_uniform_from_one_to_the_largest(name):
    operands = [re.split(r"[+*]", text) for text in texts(name, 5)]
    of_one_and_three_bits = [(int(a[::-1], 2), int(b[::-1], 2)) for a, b in operands if len(a) == 1]
    assert_uniform(of_one_and_three_bits, [(1, number) for number in range(1, 8)])


ONE = pytest.param(1, ["0"], marks=pytest.mark.slow)


@pytest.mark.parametrize("name", quick(OPERATORS, "binary-addition"))
@pytest.mark.parametrize(("length", "numbers"), [ONE, (2, ["00", "10", "01"])])
def test_a_source_without_room_for_two_numbers_is_one_below_the_largest(name, length, numbers):
    assert_uniform(texts(name, length), numbers)

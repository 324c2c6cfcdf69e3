"""All short sources, the distribution of the lengths of parts, and invalid sources."""

import math
import re
from collections import Counter, deque
from itertools import pairwise

import jax.numpy as jnp
import pytest

from drawn_texts import assert_uniform, sources, texts
from neuralstack import TASKS
from neuralstack.tasks import Pair


def balance_of_pairs(bits):
    return str(sum(one != two for one, two in pairwise(bits)) % 2)


def walked(moves):
    circle = deque(range(5))
    for move in moves:
        circle.rotate({"0": 0, "1": -1, "2": 1}[move])
    return str(circle[0])


@pytest.mark.parametrize(
    ("name", "alphabet", "brute_force"),
    [
        ("even-pairs", "01", balance_of_pairs),
        ("parity", "01", lambda bits: str(sum(map(int, bits)) & 1)),
        ("cycle-navigation", "012", walked),
        ("reverse-string", "01", lambda bits: "".join(reversed(bits))),
        ("duplicate-string", "01", lambda bits: bits + bits),
        ("odds-first", "01", lambda bits: bits[::2] + bits[1::2]),
        ("compute-sqrt", "01", lambda bits: f"{math.isqrt(int(bits, 2)):0{-(-len(bits) // 2)}b}"),
        ("bucket-sort", "01234", lambda symbols: "".join(sorted(symbols))),
    ],
)
def test_every_short_string_has_the_answer_of_brute_force(name, alphabet, brute_force):
    task = TASKS[name]()
    for text in sources(alphabet, 5):
        assert task.decode(task.answer(task.encode(text))) == brute_force(text)


@pytest.mark.parametrize(
    ("name", "alphabet", "shape"),
    [
        ("modular-arithmetic", "024+-*", r"\d([+*-]\d)*"),
        ("modular-arithmetic-brackets", "04+-*()", r"-?\d|\(-?\d\)|\(-?\d[+*-]-?\d\)"),
    ],
)
@pytest.mark.slow
def test_of_all_short_texts_the_expressions_and_no_others_are_answered(name, alphabet, shape):
    task = TASKS[name]()
    for text in sources(alphabet, 5):
        if re.fullmatch(shape, text):
            assert task.decode(task.answer(task.encode(text))) == str(eval(text) % 5)
        else:
            with pytest.raises(ValueError, match=r"^an? (source|expression) .*\.$"):
                task.answer(task.encode(text))


@pytest.mark.parametrize("name", ["stack-manipulation", "binary-addition", "binary-multiplication"])
@pytest.mark.parametrize(
    ("target", "counted"), [([1, 0, 2, 0, 0], 3), ([2, 0, 0, 2, 0], 1), ([1, 0, 1, 1, 0], 4), ([0, 0, 0, 2, 2], 4)]
)
def test_an_answer_counts_through_its_first_two_or_to_its_end(name, target, counted):
    pair = Pair(jnp.zeros(4, int), 4, jnp.array(target), 4)
    assert TASKS[name](max_length=4).scored(pair).tolist() == [place < counted for place in range(5)]


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("binary-addition", "0", "0+"), ("binary-addition", "01", "01+"), ("binary-addition", "10", "1+0"),
        ("binary-multiplication", "0", "*"), ("binary-multiplication", "10", "0*"),
        ("missing-duplicate", "1", "1"), ("solve-equation", "0", "0"), ("solve-equation", "00", "0"),
    ],
)  # fmt: skip
def test_sources_too_short_for_their_task_have_the_benchmarks_fixed_answers(name, text, answer):
    task = TASKS[name]()
    assert task.decode(task.answer(task.encode(text))) == answer


def test_the_shortest_missing_duplicate_is_a_one():
    assert set(texts("missing-duplicate", 1)) == {"1"}


def test_the_content_of_the_stack_is_one_to_all_but_one_of_the_symbols():
    drawn = [text.split() for text in texts("stack-manipulation", 6)]
    assert_uniform([sum(word in "01" for word in vocabulary) for vocabulary in drawn], range(1, 6))
    assert_uniform([vocabulary[-1] for vocabulary in drawn], ["pop", "push0", "push1"])


def test_any_bit_of_a_duplicate_can_be_missing():
    drawn = texts("missing-duplicate", 7)
    assert_uniform([text.index("?") for text in drawn], range(6))
    assert {text[-1] for text in drawn} == {"_"}


def operator_of(expression):
    """The place of the operator between the two sides of an expression in brackets."""
    depth = 0
    for place, symbol in enumerate(expression):
        if depth == 1 and symbol in "+-*" and expression[place - 1] in "01234)":
            return place
        depth += {"(": 1, ")": -1}.get(symbol, 0)
    raise AssertionError(f"{expression} has no operator")


SHORT, SHORT_WITH_PRODUCTS = (pytest.param(products, 9, marks=pytest.mark.slow) for products in (False, True))


@pytest.mark.parametrize(("multiplication", "length"), [SHORT, SHORT_WITH_PRODUCTS, (True, 44)])
def test_the_symbols_of_an_expression_are_shared_uniformly_and_its_operator_is_uniform(multiplication, length):
    expressions = texts("modular-arithmetic-brackets", length, multiplication=multiplication)
    places = [operator_of(text) for text in expressions]
    assert_uniform([place - 1 for place in places], range(1, length - 3))
    assert_uniform([text[place] for text, place in zip(expressions, places, strict=True)], "+-*"[: 2 + multiplication])


def test_the_digits_of_an_expression_are_uniform():
    digits = [symbol for text in texts("modular-arithmetic-brackets", 9) for symbol in text if symbol.isdigit()]
    assert_uniform(digits, "01234")


def test_the_unknown_is_the_next_digit_from_a_uniform_place():
    left_sides = [text.split("=")[0] for text in texts("solve-equation", 8)]
    # Of (d+-d) the places are: 0 and 1 for the first digit, 2 to 4 for the second, and 5 for the first one again.
    unknowns = Counter(text.index("x") for text in left_sides if re.fullmatch(r"\([\dx][+-]-[\dx]\)", text))
    assert set(unknowns) == {1, 4}
    assert unknowns[1] / unknowns.total() == pytest.approx(0.5, abs=0.05)
    unknowns = Counter(text.index("x") for text in left_sides if re.fullmatch(r"\(-[\dx][+-][\dx]\)", text))
    # Of (-d+d): 0 to 2 for the first digit, 3 and 4 for the second, and 5 for the first one again.
    assert unknowns[2] / unknowns.total() == pytest.approx(4 / 6, abs=0.05)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("bucket-sort", [4, 5], "a source is made of symbols 0 to 4, got the symbol 5 at place 2."),
        ("stack-manipulation", [0, 9], "a source is made of bits and actions, 0 to 4, got the symbol 9 at place 2."),
        ("modular-arithmetic", [1, 9, 1], "digits and operators, 0 to 7, got the symbol 9 at place 2."),
        ("missing-duplicate", [2, 5], "bits, ? and _, 0 to 3, got the symbol 5 at place 2."),
        ("modular-arithmetic-brackets", [-1], "needs a digit, a minus and a digit, or a bracket at '?'"),
        ("solve-equation", [10, 11, 12], "the symbols of an equation, 0 to 11, got the symbol 12 at place 3."),
        ("compute-sqrt", [], "a source is made of bits, got none: give at least one symbol."),
        ("even-pairs", [], "a source is made of bits, got none: give at least one symbol."),
    ],
)
def test_symbols_of_no_source_are_refused(name, source, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TASKS[name]().answer(source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(x*0)=0", "needs a closing bracket before '*0)'"),  # any digit would do
        ("((x))=1", "an expression in brackets needs an operator before ')'"),
        ("(x+x)=2", "an expression with one x, = and a digit, got '(x+x)=2'"),
        ("(1+1)=2", "an expression with one x, = and a digit, got '(1+1)=2'"),
        ("x=", "an expression with one x, = and a digit, got 'x='"),
    ],
)
def test_an_equation_without_exactly_one_solution_is_refused(text, message):
    task = TASKS["solve-equation"]()
    with pytest.raises(ValueError, match=re.escape(message)):
        task.answer(task.encode(text))

import math
import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import TASKS
from neuralstack.tasks import FAMILIES

NAMES = [*FAMILIES["regular"], *FAMILIES["context-free"], *FAMILIES["context-sensitive"]]
LONGEST = 500
LENGTHS = (1, 2, 3, 4, 5, 8, 41, 60, 499, 500)
BIG_NUMBERS = ("binary-addition", "binary-multiplication", "compute-sqrt")
# Of the module's scope, so that all tests of a task come together, and its program is compiled once.
EVERY_DAY = ("even-pairs", "missing-duplicate", "binary-addition")
every_task = pytest.mark.parametrize("name", quick(NAMES, *EVERY_DAY), scope="module")


def mod_five(text):
    return str(eval(text) % 5)


def stack_left(vocabulary):
    stack = []
    for word in vocabulary.split():
        if word == "pop":
            stack = stack[:-1]
        else:
            stack.append(word[-1])
    return " ".join([*reversed(stack), "pop"])


def little_endian(number):
    return bin(number)[:1:-1]


def of_two(text, mark, combine):
    if len(text) < 3:  # no room for two numbers: the sum is the number itself, the product 0 if there is room for it
        lone = little_endian(int(text[::-1], 2)) if mark == "+" else "0" * (len(text) - 1)
        return lone + mark
    first, second = text.split(mark)
    return little_endian(combine(int("0" + first[::-1], 2), int("0" + second[::-1], 2))) + mark


def missing(text):
    bits = text.rstrip("_")
    half = len(bits) // 2
    both = zip(bits[:half], bits[half:], strict=True)
    return next(({*pair} - {"?"}).pop() for pair in both if "?" in pair) if half else "1"


def solution(text):
    left, right = text.split("=") if "=" in text else ("x", "0")
    return next(digit for digit in "01234" if mod_five(left.replace("x", digit)) == right)


# Independent of the tasks: on text, with Python's own numbers and methods. Only the scored part.
BRUTE_FORCE = {
    "even-pairs": lambda text: str((text.count("01") + text.count("10")) % 2),
    "parity": lambda text: str(text.count("1") % 2),
    "modular-arithmetic": mod_five,
    "cycle-navigation": lambda text: str((text.count("1") - text.count("2")) % 5),
    "stack-manipulation": stack_left,
    "reverse-string": lambda text: "".join(reversed(text)),
    "modular-arithmetic-brackets": mod_five,
    "solve-equation": solution,
    "duplicate-string": lambda text: text * 2,
    "missing-duplicate": missing,
    "odds-first": lambda text: "".join(text[place] for place in sorted(range(len(text)), key=lambda place: place % 2)),
    "binary-addition": lambda text: of_two(text, "+", lambda a, b: a + b),
    "binary-multiplication": lambda text: of_two(text, "*", lambda a, b: a * b),
    "bucket-sort": lambda text: "".join(sorted(text)),
    "compute-sqrt": lambda text: bin(math.isqrt(int(text, 2)))[2:].zfill((len(text) + 1) // 2),
}


@cache
def drawn(name):
    """Sources of every length, several of the short ones, with their targets and what is scored of them."""
    task = TASKS[name](max_length=LONGEST)
    lengths = jnp.array(LENGTHS * (40 if name in BIG_NUMBERS else 6))

    def draw(key, length):
        pair = task.draw(key, length)
        return pair, task.scored(pair)

    pairs, scored = jax.device_get(jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(1), len(lengths)), lengths))
    found = []
    for row, length in enumerate(lengths.tolist()):
        source = pairs.source[row][: task.source_length(length)].tolist()
        count = task.answer_length(len(source))
        found.append((source, pairs.target[row][:count].tolist(), scored[row][:count].tolist()))
    return task, found


@every_task
def test_drawn_answers_are_those_of_brute_force_up_to_the_longest_source(name):
    task, found = drawn(name)
    for source, target, scored in found:
        wanted = BRUTE_FORCE[name](task.decode(source))
        counted = [symbol for symbol, counts in zip(target, scored, strict=True) if counts]
        assert task.decode(counted) == wanted[: len(task.decode(counted))]
        assert counted == target[: len(counted)]
        assert len(counted) == len(task.encode(wanted)) or len(counted) == len(target)
        assert task.answer(source) == target


@every_task
def test_only_padding_after_a_terminator_is_not_scored(name):
    _, found = drawn(name)
    for _, target, scored in found:
        assert not any(symbol for symbol, counts in zip(target, scored, strict=True) if not counts)
    some = any(not all(scored) for _, _, scored in found)
    assert some is (name in {"stack-manipulation", "binary-addition", "binary-multiplication"})


WORKED = {
    "modular-arithmetic": ("1+2*3", "2"),
    "binary-addition": ("001+01101", "01011+0000"),
    "binary-multiplication": ("001*01101", "0001101*0"),
    "compute-sqrt": ("100101", "110"),
    "odds-first": ("010101", "000111"),
    "duplicate-string": ("10", "1010"),
    "solve-equation": ("((-1)-x)=2", "2"),
}


def test_worked_examples():
    for name, (source, wanted) in WORKED.items():
        task = TASKS[name]()
        assert task.decode(task.answer(task.encode(source))) == wanted


def test_the_public_codes_order_of_odds_first_is_an_option():
    task = TASKS["odds-first"](max_length=5, evens_first=True)
    assert task.answer([1, 0, 1, 0, 1]) == [0, 0, 1, 1, 1]
    for length in (1, 4, 5):
        pair = task.draw(jax.random.key(length), length)
        assert pair.target[:length].tolist() == task.answer(pair.source[:length].tolist())


def test_expressions_hold_products_when_asked():
    task = TASKS["modular-arithmetic-brackets"](max_length=60, multiplication=True)
    pairs = jax.jit(jax.vmap(lambda key: task.draw(key, 60)))(jax.random.split(jax.random.key(0), 50))
    texts = [task.decode(row) for row in pairs.source.tolist()]
    assert sum("*" in text for text in texts) > 40
    assert [mod_five(text) for text in texts] == [str(value) for value in pairs.target[:, 0].tolist()]


@every_task
def test_sources_and_answers_are_not_all_alike(name):
    _, found = drawn(name)
    long = [(tuple(source), tuple(target)) for source, target, _ in found if len(source) > 30]
    assert len({source for source, _ in long}) == len(long)
    assert len({target for _, target in long}) > 1


def test_the_roots_number_is_never_zero_and_uniform():
    task = TASKS["compute-sqrt"](max_length=3)
    pairs = jax.jit(jax.vmap(lambda key: task.draw(key, 2)))(jax.random.split(jax.random.key(0), 3000))
    numbers = np.asarray(pairs.source[:, 0] * 2 + pairs.source[:, 1])
    np.testing.assert_allclose(np.bincount(numbers, minlength=4) / 3000, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.04)


REFUSED = {
    "even-pairs": ([0, 2], "made of bits, got the symbol 2 at place 2"),
    "parity": ([3], "made of bits, got the symbol 3 at place 1"),
    "cycle-navigation": ([1, 4], "made of moves, 0 to 2, got the symbol 4 at place 2"),
    "modular-arithmetic": ([1, 5], "a digit at each odd place and an operator between each two, got '1+'"),
    "modular-arithmetic-brackets": ([8, 1, 5, 2], "an expression needs a closing bracket before ''"),
    "solve-equation": ([10, 11, 5], "an expression with one x, = and a digit, got 'x=+'"),
    "stack-manipulation": ([1, 2, 0], "the stack's bits and then actions, got a bit after an action"),
    "missing-duplicate": ([0, 1, 1, 0], "exactly one bit missing"),
    "binary-addition": ([0, 1, 1], "two numbers of bits with one + between them, got [0, 1, 1]"),
    "binary-multiplication": ([2, 2], "two numbers of bits with one * between them, got [2, 2]"),
}


@pytest.mark.parametrize(("name", "source", "message"), [(name, *given) for name, given in REFUSED.items()])
def test_a_source_without_an_answer_is_refused(name, source, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TASKS[name]().answer(source)


@pytest.mark.parametrize(
    ("text", "message"),
    [("1+2", "ends before '+2'"), ("(1+)", "at ')'"), ("", "at ''"), ("(1", "closing bracket")],
)
def test_an_expression_that_is_none_is_refused(text, message):
    task = TASKS["modular-arithmetic-brackets"]()
    with pytest.raises(ValueError, match=re.escape(message)):
        task.answer(task.encode(text) if text else [])


def test_a_string_that_is_not_twice_the_same_is_refused():
    task = TASKS["missing-duplicate"]()
    with pytest.raises(ValueError, match=re.escape("the same bits twice, got '01?0'")):
        task.answer(task.encode("01?0"))

"""Expressions in brackets over digits modulo 5: how they are drawn, and what they are worth.

An expression of n symbols is a digit (n = 1), a digit with a minus (2), either of them in brackets (3, 4), or, from 5
symbols on, two expressions with an operator between them, in brackets.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

DIGITS = 5
PLUS, MINUS, TIMES, OPEN, CLOSE = 5, 6, 7, 8, 9
WORDS = "01234+-*()"


def draw_expression(
    key: PRNGKeyArray, length: Int[Array, ""] | int, size: int, operators: int
) -> Int[Array, " {size}"]:
    """Draw an expression of exactly `length` symbols with the first `operators` of plus, minus and times.

    Digits, operators, and how the symbols are shared between the two sides of an operator, are uniform. What is to be
    written is kept on a stack: a number below 0 stands for a symbol, one above for an expression of so many.
    """
    chances = jax.random.uniform(key, (2 * size + 2, 3))

    def pick(chance, count):
        return jnp.minimum((chance * count).astype(int), count - 1)

    def write(carry):
        turn, stack, height, source, written = carry
        top = stack[height - 1]
        digit, operator = pick(chances[turn, 0], DIGITS), PLUS + pick(chances[turn, 1], operators)
        left = 1 + pick(chances[turn, 2], jnp.maximum(top - 4, 1))
        # Last comes first: what is expanded lies on the stack in reverse.
        small = jnp.array([
            [0, 0, 0, ~digit, 0], [0, 0, ~digit, ~MINUS, 0], [0, ~CLOSE, ~digit, ~OPEN, 0],
            [~CLOSE, ~digit, ~MINUS, ~OPEN, 0],
        ])  # fmt: skip
        counts = jnp.array([1, 2, 3, 4])
        large = jnp.array([~CLOSE, top - 3 - left, ~operator, left, ~OPEN])
        row = jnp.clip(top - 1, 0, 3)
        count = jnp.where(top > 4, 5, counts[row])
        parts = jnp.where(top > 4, large, jnp.roll(small[row], -(4 - count)))
        is_symbol = top < 0
        place = height - 1 + jnp.arange(5)
        kept = jnp.where(is_symbol | (jnp.arange(5) >= count), stack[place], parts)
        source = jnp.where(is_symbol, source.at[written].set(~top), source)
        return (
            turn + 1,
            stack.at[place].set(kept),
            height - 1 + jnp.where(is_symbol, 0, count),
            source,
            written + is_symbol,
        )

    stack = jnp.zeros(2 * size + 10, int).at[0].set(length)
    start = jnp.array(0), stack, jnp.array(1), jnp.zeros(size, int), jnp.array(0)
    return jax.lax.while_loop(lambda carry: carry[2] > 0, write, start)[3]


def value(source: Int[Array, " size"], length: Int[Array, ""] | int) -> Int[Array, ""]:
    """Return what the expression in the first `length` symbols is worth, modulo 5.

    A stack holds, for each open bracket, the value and the operator on its left; a minus where a value is due belongs
    to the digit that follows.
    """

    def take(carry, step):
        lefts, operators, height, here, operator, negative, due = carry
        symbol, inside = step
        is_digit, opens, closes = symbol < DIGITS, symbol == OPEN, symbol == CLOSE
        number = jnp.where(negative, -symbol, symbol)
        # A closing bracket gives its value to the one around it.
        outer, outer_operator = lefts[height - 1], operators[height - 1]
        joined = join(jnp.where(closes, outer, here), jnp.where(closes, outer_operator, operator),
                      jnp.where(closes, here, number))  # fmt: skip
        gives = is_digit | closes
        new = (
            jnp.where(opens, lefts.at[height].set(here), lefts),
            jnp.where(opens, operators.at[height].set(operator), operators),
            height + opens - closes,
            jnp.where(opens, 0, jnp.where(gives, joined, here)),
            jnp.where(opens, PLUS, jnp.where(gives | due, operator, symbol)),
            due & (symbol == MINUS),
            ~gives,
        )
        return jax.tree.map(lambda a, b: jnp.where(inside, a, b), new, carry), None

    empty = jnp.zeros(len(source) + 1, int)
    start = empty, empty, jnp.array(0), jnp.array(0), jnp.array(PLUS), jnp.array(False), jnp.array(True)
    return jax.lax.scan(take, start, (source, jnp.arange(len(source)) < length))[0][3]


def join(left: Array, operator: Array, right: Array) -> Array:
    """Return the value of an operation, modulo 5."""
    return jnp.select([operator == PLUS, operator == MINUS], [left + right, left - right], left * right) % DIGITS


def value_of(source: list[int], operators: int) -> int:
    """Return what an expression with the first `operators` of plus, minus and times is worth, in plain Python.

    Raises:
        ValueError: If it is none.
    """
    found, rest = _read(source, operators)
    if rest:
        raise ValueError(f"an expression ends before {written(rest)!r}.")
    return found % DIGITS


def _read(symbols: list[int], operators: int) -> tuple[int, list[int]]:
    """Return the value of the expression that some symbols begin with, and what follows it."""
    match symbols:
        case [digit, *rest] if 0 <= digit < DIGITS:
            return digit, rest
        case [6, digit, *rest] if 0 <= digit < DIGITS:
            return -digit, rest
        case [8, *inner]:
            left, rest = _read(inner, operators)
            if rest and PLUS <= rest[0] < PLUS + operators:
                operator, (right, rest) = rest[0], _read(rest[1:], operators)
                left = {PLUS: left + right, MINUS: left - right, TIMES: left * right}[operator]
            elif inner[0] == OPEN:
                raise ValueError(f"an expression in brackets needs an operator before {written(rest)!r}.")
            if rest[:1] == [CLOSE]:
                return left, rest[1:]
            raise ValueError(f"an expression needs a closing bracket before {written(rest)!r}.")
    raise ValueError(f"an expression needs a digit, a minus and a digit, or a bracket at {written(symbols)!r}.")


def written(symbols: list[int]) -> str:
    """Return symbols as text."""
    return "".join(WORDS[symbol] if 0 <= symbol < len(WORDS) else "?" for symbol in symbols)

"""Bracketed expressions over digits modulo 5: how they are drawn, and their values.

An expression of n symbols is a digit (n = 1), a digit with a minus (2), either of them in brackets (3, 4), or, from 5
symbols on, two expressions with an operator between them, in brackets.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray

from neuralstack.tasks._chances import draw_chances, pick

DIGITS = 5
PLUS, MINUS, TIMES, OPEN, CLOSE = 5, 6, 7, 8, 9
WORDS = "01234+-*()"
SHIFT = 16  # a stack packs two numbers into one, at half the cost; so an expression has at most 65,535 symbols
MASK = (1 << SHIFT) - 1


def draw_expression(
    key: PRNGKeyArray, length: Int[Array, ""] | int, size: int, operators: int
) -> tuple[Int[Array, " {size}"], Int[Array, ""]]:
    """Draw an expression of exactly `length` symbols, with its value.

    Its operators are among the first `operators` of plus, minus and times. Digits, operators, and the division of the
    symbols between the two sides of an operator are uniform. Each iteration of a loop draws one expression: all of it
    if it has no operator, otherwise its opening bracket, followed by its left side in the next iteration. The right
    side is drawn later; until then, a stack keeps its length and the number of brackets that close after it.
    """
    turns = 2 * ((size + 3) // 4) - 1
    chances = draw_chances(key, 3, turns)

    def advance(carry, chance):
        length, closing, stack, height, written = carry
        is_large = length > 4
        left = 1 + pick(chance, jnp.maximum(length - 4, 1))
        # The entry above the top is free, so it may be written in any case.
        stack = stack.at[height].set((closing + 1 << SHIFT) + length - 3 - left)
        height += jnp.where(is_large, 1, -1)
        due = stack[height]
        after = (
            jnp.where(is_large, left, due & MASK),
            jnp.where(is_large, 0, due >> SHIFT),
            stack,
            height,
            # The right side of an operator begins with the operator.
            written + jnp.where(is_large, 1, length + closing + 1),
        )
        return after, (length, written)

    none = jnp.array(0)
    start = jnp.asarray(length), none, jnp.zeros(turns + 2, int), none, none
    _, (lengths, places) = jax.lax.scan(advance, start, chances[2])
    is_real = places < length  # once nothing is due, the remaining iterations write beyond the end
    is_right = jnp.concatenate([jnp.zeros(1, bool), lengths[:-1] < 5])
    digits, signs = pick(chances[0], DIGITS), PLUS + pick(chances[1], operators)
    window = symbols_of(lengths, digits)
    window = jnp.where(is_right[:, None], jnp.concatenate([signs[:, None], window[:, :-1]], 1), window)
    begins = jnp.where(is_real, places - is_right, size)
    turn = jnp.cumsum(jnp.zeros(size, int).at[begins].add(1, mode="drop")) - 1
    since = jnp.arange(size) - begins[turn]
    source = jnp.where(since < 5, window[turn, jnp.minimum(since, 4)], CLOSE)
    return source, value(lengths, digits, signs, is_real)


def symbols_of(lengths: Int[Array, " turns"], digits: Int[Array, " turns"]) -> Int[Array, "turns 5"]:
    """Return the first symbols of each expression: all if it has no operator; then closing brackets."""
    digit = -1
    begun = jnp.array([
        [digit, CLOSE, CLOSE, CLOSE, CLOSE], [MINUS, digit, CLOSE, CLOSE, CLOSE], [OPEN, digit, CLOSE, CLOSE, CLOSE],
        [OPEN, MINUS, digit, CLOSE, CLOSE], [OPEN, CLOSE, CLOSE, CLOSE, CLOSE],
    ])[jnp.clip(lengths - 1, 0, 4)]  # fmt: skip
    return jnp.where(begun == digit, digits[:, None], begun)


def value(
    lengths: Int[Array, " turns"],
    digits: Int[Array, " turns"],
    operators: Int[Array, " turns"],
    is_real: Bool[Array, " turns"],
) -> Int[Array, ""]:
    """Return the value of an expression modulo 5, from its subexpressions in the order in which they start.

    They are processed in reverse order, so that both sides of an operator are on top of a stack when it is applied. The
    operator is stored with its right side.
    """

    def advance(carry, step):
        stack, height = carry
        worth, operator, is_large, real = step
        left, right = stack[height - 1], stack[height - 2]
        worth = jnp.where(is_large, join(left & MASK, right >> SHIFT, right & MASK), worth)
        index = height - jnp.where(is_large, 2, 0)
        # The entry above the top is free, so it may be written in any case.
        return (stack.at[index].set((operator << SHIFT) + worth), jnp.where(real, index + 1, height)), None

    worths = jnp.where((lengths == 2) | (lengths == 4), -digits, digits) % DIGITS
    start = jnp.zeros(len(lengths) + 1, int), jnp.array(0)
    (stack, _), _ = jax.lax.scan(advance, start, (worths, operators, lengths > 4, is_real), reverse=True)
    return stack[0] & MASK


def join(left: Array, operator: Array, right: Array) -> Array:
    """Return the value of an operation, modulo 5."""
    return jnp.select([operator == PLUS, operator == MINUS], [left + right, left - right], left * right) % DIGITS


def value_of(source: list[int], operators: int) -> int:
    """Return the value of an expression with the first `operators` of plus, minus and times, in plain Python.

    Raises:
        ValueError: If the source is not an expression.
    """
    result, rest = _read(source, operators)
    if rest:
        raise ValueError(f"an expression ends before {written(rest)!r}.")
    return result % DIGITS


def _read(symbols: list[int], operators: int) -> tuple[int, list[int]]:
    """Return the value of the expression at the start of some symbols, and the symbols that follow it."""
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

"""Two numbers in one source, for the tasks of binary arithmetic."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from neuralstack.tasks.chomsky._base import draw_below

OPERATOR = 2
REDRAWN_BITS = 30  # of a number that was drawn as 0, which happens to longer ones less than once in 2^30 draws


def draw_two(key: PRNGKeyArray, length: Int[Array, ""] | int, size: int) -> tuple[Array, Array, Array]:
    """Draw a source of two numbers with the operator between them; return it and the numbers, lowest bit first.

    The position of the operator is uniform, with at least one bit on each side; a number of n bits is uniform from 1 to
    2^n - 1. A source of one or two symbols has no room for that: it is one number of n bits, from 0 to 2^n - 2, and the
    other number is 0.
    """
    bit_key, place_key = jax.random.split(key)
    operator = jax.random.randint(place_key, (), 1, jnp.maximum(length - 1, 2))
    bits, index = draw_below(bit_key, size, 2), jnp.arange(size)
    first_redrawn, second_redrawn = jax.random.fold_in(key, 0), jax.random.fold_in(key, 1)
    first = without_zero(first_redrawn, jnp.where(index < operator, bits, 0), operator)
    count = length - operator - 1
    second = bits[jnp.clip(operator + 1 + index, 0, size - 1)]
    second = without_zero(second_redrawn, jnp.where(index < count, second, 0), count)
    source = jnp.where(index < operator, first, second[jnp.clip(index - operator - 1, 0, size - 1)])
    source = jnp.where(index == operator, OPERATOR, source)

    lone = bits_of(jax.random.randint(place_key, (), 0, jnp.where(length < 2, 1, 3)), size)
    is_short = length < 3
    return (
        jnp.where(is_short, lone, source),
        jnp.where(is_short, lone, first),
        jnp.where(is_short, 0, second),
    )


def without_zero(key: PRNGKeyArray, bits: Int[Array, " bits"], count: Int[Array, ""]) -> Int[Array, " bits"]:
    """Return a number of `count` uniform bits, drawn again from 1 to 2^count - 1 if it is 0."""
    largest = 1 << jnp.clip(count, 1, REDRAWN_BITS)
    redrawn = bits_of(jax.random.randint(key, (), 1, largest), len(bits))
    return jnp.where(jnp.any(bits == 1), bits, redrawn)


def bits_of(number: Int[Array, ""], size: int) -> Int[Array, " {size}"]:
    """Return the bits of a number, lowest first."""
    index = jnp.arange(size)
    return jnp.where(index <= REDRAWN_BITS, number >> jnp.minimum(index, REDRAWN_BITS), 0) & 1


def read_two(source: list[int], name: str) -> tuple[int, int]:
    """Return the two numbers of a source; for one or two bits without an operator, the second is 0.

    Raises:
        ValueError: If the source is not bits with one operator.
    """
    if len(source) in (1, 2) and set(source) <= {0, 1}:
        return number(source), 0
    if source.count(OPERATOR) != 1 or not set(source) <= {0, 1, OPERATOR}:
        raise ValueError(f"a source is two numbers of bits with one {name} between them, got {source}.")
    operator = source.index(OPERATOR)
    return number(source[:operator]), number(source[operator + 1 :])


def number(bits: list[int]) -> int:
    """Return the number with these bits, lowest first."""
    return sum(bit << index for index, bit in enumerate(bits))

"""Two numbers in one source, for the tasks of binary arithmetic."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from neuralstack.tasks.chomsky._base import draw_below

OPERATOR = 2


def draw_two(key: PRNGKeyArray, length: Int[Array, ""] | int, size: int) -> tuple[Array, Array, Array]:
    """Draw a source of two numbers with the operator between them; return it and the numbers, the lowest bit first.

    The operator stands anywhere where both numbers have a bit. A source of one or two symbols has no room for that: a
    number without bits is 0.
    """
    bit_key, place_key = jax.random.split(key)
    least = jnp.minimum((length - 1) // 2, 1)
    operator = jax.random.randint(place_key, (), least, length - least)
    bits, place = draw_below(bit_key, size, 2), jnp.arange(size)
    second = bits[jnp.clip(operator + 1 + place, 0, size - 1)]
    first, second = (
        jnp.where(place < operator, bits, 0),
        jnp.where(place < length - operator - 1, second, 0),
    )
    return jnp.where(place == operator, OPERATOR, bits), first, second


def read_two(source: list[int], name: str) -> tuple[int, int]:
    """Return the two numbers of a source.

    Raises:
        ValueError: If it is not bits with one operator.
    """
    if source.count(OPERATOR) != 1 or not set(source) <= {0, 1, OPERATOR}:
        raise ValueError(f"a source is two numbers of bits with one {name} between them, got {source}.")
    place = source.index(OPERATOR)
    return number(source[:place]), number(source[place + 1 :])


def number(bits: list[int]) -> int:
    """Return the number of bits, the lowest first."""
    return sum(bit << place for place, bit in enumerate(bits))

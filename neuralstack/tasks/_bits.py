"""Exact arithmetic on numbers of hundreds of bits, as arrays of bits with the lowest bit first."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

Bits = Int[Array, " bits"]


def add(a: Bits, b: Bits) -> Bits:
    """Return the sum of two equally long numbers, without overflow bits."""
    return (a + b + carries(a & b == 1, a != b)) % 2


def subtract(a: Bits, b: Bits) -> tuple[Bits, Bool[Array, ""]]:
    """Return the difference of two equally long numbers, and whether it is negative and therefore wrapped around."""
    borrows = carries(a < b, a == b)
    last = (a[-1] < b[-1]) | ((a[-1] == b[-1]) & (borrows[-1] == 1))
    return (a - b - borrows) % 2, last


def multiply(a: Bits, b: Bits) -> Bits:
    """Return the product of two equally long numbers, without overflow bits."""

    def add_shifted(carry, bit):
        counts, shifted = carry
        return (counts + bit * shifted, jnp.concatenate([jnp.zeros_like(a[:1]), shifted[:-1]])), None

    def take_bit(product, count):
        return (product + count) // 2, (product + count) % 2

    (counts, _), _ = jax.lax.scan(add_shifted, (jnp.zeros_like(a), b), a)
    return jax.lax.scan(take_bit, jnp.zeros_like(a[0]), counts)[1]


def carries(made: Bool[Array, " bits"], passed: Bool[Array, " bits"]) -> Bits:
    """Return the carry into each bit, given where carries are generated and where incoming ones are propagated."""

    def then(low, high):
        return high[0] | (high[1] & low[0]), high[1] & low[1]

    out, _ = jax.lax.associative_scan(then, (made, passed))
    return jnp.concatenate([jnp.zeros(1, int), out[:-1].astype(int)])


def bit_count(bits: Bits) -> Int[Array, ""]:
    """Return the number of bits that a number needs, at least 1."""
    return jnp.maximum(1, jnp.max(jnp.where(bits == 1, jnp.arange(1, len(bits) + 1), 0)))


def terminated(bits: Bits, length: int) -> Int[Array, " {length}"]:
    """Return the bits that a number needs, then a 2, then zeros."""
    count, index = bit_count(bits), jnp.arange(length)
    padded = jnp.zeros(length, int).at[: len(bits)].set(bits[:length])
    return jnp.where(index < count, padded, jnp.where(index == count, 2, 0))


def terminated_list(number: int, length: int) -> list[int]:
    """Return the same as `terminated`, in plain Python."""
    bits = [int(bit) for bit in reversed(f"{number:b}")]
    return [*bits, 2, *[0] * length][:length]


def up_to_terminator(target: Int[Array, " target"]) -> Bool[Array, " target"]:
    """Return the mask of the symbols of an answer up to and including its first 2."""
    return jnp.cumsum(target == 2) - (target == 2) == 0

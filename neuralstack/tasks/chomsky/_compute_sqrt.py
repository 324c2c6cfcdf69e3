"""Compute sqrt: a context-sensitive task."""

from dataclasses import dataclass
from math import isqrt

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from neuralstack.tasks._bits import subtract
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class ComputeSqrt(AbstractChomskyTask):
    """Compute the square root of a binary number, rounded down (Delétang et al., 2023).

    The number and its root have the highest bit first. The root has half as many bits as the number, rounded up. A
    number of n bits is drawn uniformly from 1 to 2^n - 1.

    Examples:
        >>> task = ComputeSqrt()
        >>> task.decode(task.answer(task.encode("100101")))
        '110'
    """

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        inside = jnp.arange(self.max_length) < length

        def again(drawn):
            key, bit_key = jax.random.split(drawn[0])
            return key, draw_below(bit_key, self.max_length, 2)

        start = again((key, None))
        _, source = jax.lax.while_loop(lambda drawn: ~jnp.any(drawn[1] * inside == 1), again, start)
        return Pair(source, length, root(source, length), self.answer_length(length))

    def answer(self, source):
        require(source, 2, "bits")
        number = int("".join(map(str, source)), 2)
        return [int(bit) for bit in f"{isqrt(number):0{self.answer_length(len(source))}b}"]

    def answer_length(self, source_length):
        return (source_length + 1) // 2


def root(source: Int[Array, " bits"], length: Int[Array, ""] | int) -> Int[Array, " half"]:
    """Return the square root of the number in the first `length` bits by long division, highest bit first.

    Two bits of the number at a time are appended to the remainder; a digit of the root is 1 if the root so far,
    followed by 01, can be subtracted from it. The remainder is at most two bits longer than the root.
    """
    digits = (len(source) + 1) // 2
    size = digits + 3

    def bit(index):
        return jnp.where((index >= 0) & (index < length), source[jnp.clip(index, 0, len(source) - 1)], 0)

    def step(carry, digit):
        remainder, so_far = carry
        index = 2 * digit - length % 2  # an odd number of bits is padded with a leading 0
        remainder = jnp.concatenate([jnp.array([bit(index + 1), bit(index)]), remainder[:-2]])
        rest, negative = subtract(remainder, jnp.concatenate([jnp.array([1, 0]), so_far[:-2]]))
        digit_of_root = (~negative).astype(int)
        so_far = jnp.concatenate([digit_of_root[None], so_far[:-1]])
        return (jnp.where(negative, remainder, rest), so_far), digit_of_root

    start = jnp.zeros(size, int), jnp.zeros(size, int)
    return jax.lax.scan(step, start, jnp.arange(digits))[1]

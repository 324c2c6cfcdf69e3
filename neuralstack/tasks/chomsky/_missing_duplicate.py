"""Missing duplicate: a context-sensitive task."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require

MISSING, PADDING = 2, 3


@dataclass(frozen=True)
class MissingDuplicate(AbstractChomskyTask):
    """Find the missing bit of a string that is written twice (Delétang et al., 2023).

    A source is a string of bits written twice, with one bit replaced by the symbol 2, and with a 3 at its end if its
    length is odd; a source of length 1 is a 1 alone, answered by 1. The bits and the position are drawn uniformly. In
    text, the symbols 2 and 3 are `?` and `_`.

    Examples:
        >>> task = MissingDuplicate()
        >>> task.decode(task.answer(task.encode("01?011")))
        '1'
    """

    @property
    def vocabulary(self):
        return "01?_"

    def draw(self, key, length):
        bit_key, place_key = jax.random.split(key)
        half = length // 2
        bits = draw_below(bit_key, self.max_length, 2)
        index = jax.random.randint(place_key, (), 0, jnp.maximum(2 * half, 1))
        time = jnp.arange(self.max_length)
        twice = bits[time % jnp.maximum(half, 1)]
        source = jnp.where(time == index, MISSING, jnp.where(time == 2 * half, PADDING, twice))
        source = jnp.where(half == 0, 1, source)
        return Pair(source, length, jnp.where(half == 0, 1, twice[index])[None], 1)

    def answer(self, source):
        require(source, PADDING + 1, "bits, ? and _, 0 to 3")
        if source == [1]:
            return [1]
        half = len(source) // 2
        bits, end = source[: 2 * half], source[2 * half :]
        if end not in ([], [PADDING]) or bits.count(MISSING) != 1:
            raise ValueError(
                f"a source has exactly one bit missing, and ends with _ if its length is odd, got "
                f"{self.decode(source)!r}."
            )
        missing = bits.index(MISSING)
        other = bits[(missing + half) % (2 * half)]
        if [bit for bit in bits if bit > 1] != [MISSING] or any(
            left != right and MISSING not in (left, right) for left, right in zip(bits[:half], bits[half:], strict=True)
        ):
            raise ValueError(f"a source is the same bits twice, got {self.decode(source)!r}.")
        return [other]

    def answer_length(self, source_length):
        return 1

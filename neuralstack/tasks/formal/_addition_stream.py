"""Binary addition as next-symbol prediction in a stream of sums."""

import re
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._bits import add, bit_count
from neuralstack.tasks._formats import Pair, Synchronous, at

ZERO, ONE, PLUS, EQUALS, STOP = range(5)
SHORTEST = 6  # symbols of 0+1=1.
NUMBER = "0|1[01]*"
BEGUN = rf"({NUMBER})?|({NUMBER})\+({NUMBER})?"
"""A sum that is cut off before its =."""


@dataclass(frozen=True)
class AdditionStream(AbstractTask):
    """Predict the next symbol of a stream of binary sums, such as `101+1=011.` (Joulin & Mikolov, 2015).

    In each sum, the two numbers have the highest bit first and no leading zeros, and their total has the lowest bit
    first, as in the public code; a full stop follows. Together, the numbers have 1 to `length` bits, uniformly, which
    are divided between them uniformly; a number without bits is 0. A source is as long as `sums` of the longest sums,
    and is cut off there. The target of each step is the next symbol, scored from the `=` to the last bit of the total,
    whose target is the full stop. If the next symbol is not determined, at the end, the target is a 0.

    In the published streams, the stacks are emptied only after every tenth sum, and training also starts with `0+0`;
    here, the memory is empty at the start of each source, and not emptied between its sums.

    Args:
        max_length: Maximum number of bits of both numbers together, at least 1.
        sums: Number of longest sums that fit in a stream.

    Raises:
        ValueError: If a number is below 1.

    Examples:
        >>> task = AdditionStream()
        >>> task.decode(task.answer(task.encode("101+1=011.")))
        '01+1=011.0'
    """

    max_length: int = 60
    sums: int = 3
    sized_by_source: ClassVar[bool] = False
    train_lengths: ClassVar[tuple[int, int]] = (1, 19)
    test_lengths: ClassVar[tuple[int, int]] = (20, 60)

    def __post_init__(self):
        super().__post_init__()
        if self.sums < 1:
            raise ValueError(f"a stream needs room for at least 1 sum, got sums={self.sums}.")

    @property
    def vocabulary(self):
        return "01+=."

    @property
    def format(self):
        return Synchronous(self.symbols)

    def draw(self, key, length):
        room = self.source_length(self.max_length)
        keys = jax.random.split(key, -(-(room + 1) // SHORTEST))
        sums, sizes = jax.vmap(lambda key: draw_sum(key, length, self.max_length))(keys)
        ends = jnp.cumsum(sizes)
        time = jnp.arange(room + 1)
        index = jnp.searchsorted(ends, time, side="right")
        symbols = sums[index, time - (ends - sizes)[index]]
        source, last = symbols[:-1], self.source_length(length) - 1
        is_known = (time[:-1] != last) | (total_begun(source) > 0)
        return Pair(source, last + 1, jnp.where(is_known, symbols[1:], ZERO), last + 1)

    def answer(self, source):
        text, total, given = self.decode(source), "", ""
        sums = text.split(".")
        for number, written in enumerate(sums, 1):
            is_last = number == len(sums)
            total, given = total_of(written), written.partition("=")[2] + "." * (not is_last)
            if not (total.startswith(given) if total else is_last and re.fullmatch(BEGUN, written)):
                raise ValueError(
                    "a stream of sums has binary numbers without leading zeros and correct totals, as in 101+1=011., "
                    f"got {text!r}, where {written!r} is wrong."
                )
        return [*source[1:], self.vocabulary.index(total[len(given)] if total else "0")]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return self.sums * longest_sum(length)

    def scored(self, pair):
        inside = jnp.arange(len(pair.source)) < pair.source_length
        return inside & (total_begun(pair.source) > 0)


def longest_sum(bits):
    """Return the length of the longest sum of numbers with this many bits together: one of them is 0."""
    return 2 * bits + 4


def total_begun(source: Int[Array, " source"]) -> Int[Array, " source"]:
    """Return 1 from each = to the end of the total, and 0 elsewhere."""
    return jnp.cumsum(source == EQUALS) - jnp.cumsum(source == STOP)


def draw_sum(
    key: PRNGKeyArray, length: Int[Array, ""] | int, most: int
) -> tuple[Int[Array, " symbols"], Int[Array, ""]]:
    """Draw a sum, in an array for numbers of up to `most` bits together, and return it with its length."""
    count_key, share_key, *bit_keys = jax.random.split(key, 4)
    bits = jax.random.randint(count_key, (), 1, length + 1)
    first_bits = jax.random.randint(share_key, (), 0, bits + 1)
    first, second = (
        draw_number(bit_key, count, most)
        for bit_key, count in zip(bit_keys, (first_bits, bits - first_bits), strict=True)
    )
    total = add(first, second)
    first_size, second_size, total_size = (bit_count(number) for number in (first, second, total))

    index = jnp.arange(longest_sum(most))
    plus = first_size
    equals = plus + 1 + second_size
    stop = equals + 1 + total_size
    symbols = jnp.select(
        [index < plus, index == plus, index < equals, index == equals, index < stop],
        [at(first, plus - 1 - index), PLUS, at(second, equals - 1 - index), EQUALS, at(total, index - equals - 1)],
        STOP,
    )
    return symbols, stop + 1


def draw_number(key: PRNGKeyArray, count: Int[Array, ""], most: int) -> Int[Array, " bits"]:
    """Draw a number of exactly `count` bits, lowest first, in an array with room for a carry."""
    index = jnp.arange(most + 1)
    drawn = jnp.where(index == count - 1, ONE, jax.random.randint(key, (most + 1,), ZERO, ONE + 1))
    return jnp.where(index < count, drawn, ZERO)


def total_of(text: str) -> str:
    """Return the total of a sum, lowest bit first, with its full stop; an empty string if there is no = or no sum.

    Examples:
        >>> total_of("101+1="), total_of("101+")
        ('011.', '')
    """
    terms = re.fullmatch(rf"({NUMBER})\+({NUMBER})=.*", text)
    return f"{int(terms[1], 2) + int(terms[2], 2):b}"[::-1] + "." if terms else ""

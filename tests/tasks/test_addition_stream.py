import re
from functools import cache

import jax
import numpy as np
import pytest

from neuralstack import TASKS
from neuralstack.tasks.formal import AdditionStream

TASK = TASKS["addition-stream"](max_length=6)


@cache
def drawn(length):
    """Streams of a length as text, and which of their symbols are followed by a scored one."""

    @jax.jit
    @jax.vmap
    def draw(key):
        pair = TASK.draw(key, length)
        return pair.source, TASK.scored(pair)

    size = TASK.source_length(length)
    sources, scored = jax.device_get(draw(jax.random.split(jax.random.key(0), 300)))
    return [(TASK.decode(row[:size].tolist()), mask[:size]) for row, mask in zip(sources, scored, strict=True)]


def whole_sums(length):
    return [sum_text for text, _ in drawn(length) for sum_text in text.split(".")[:-1]]


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 6])
def test_every_sum_of_a_stream_is_right(length):
    for sum_text in whole_sums(length):
        first, second, total = re.split("[+=]", sum_text)
        assert bin(int(first, 2) + int(second, 2))[:1:-1] == total
        assert not re.search(r"(^|\+)0[01]", sum_text)


@pytest.mark.slow
def test_both_numbers_together_have_one_to_as_many_bits_as_asked_for_and_any_share_of_them():
    bits = {
        tuple(0 if number == "0" else len(number) for number in re.split("[+=]", text)[:2]) for text in whole_sums(6)
    }
    assert bits == {(first, second) for first in range(7) for second in range(7) if 1 <= first + second <= 6}


def test_scored_is_what_follows_from_the_equals_sign_to_the_last_bit_of_a_total():
    for text, scored in drawn(6):
        wanted = [place for total in re.finditer(r"=[01]*", text) for place in range(*total.span())]
        assert np.flatnonzero(scored).tolist() == wanted


@pytest.mark.parametrize("text", ["01+1=01.", "1+1=10.", "1+1=00", "1+1=01.1=", "1+1+1=11.", "1++", ".", "=", "1."])
def test_what_is_no_stream_of_sums_is_refused(text):
    with pytest.raises(ValueError, match="binary numbers without leading zeros and correct totals"):
        TASK.answer(TASK.encode(text))


@pytest.mark.parametrize(
    ("text", "following"), [("1+1=", "0"), ("1+1=0", "1"), ("1+1=01", "."), ("1+1=01.", "0"), ("1+", "0")]
)
def test_where_a_stream_breaks_off_the_next_symbol_is_named_if_it_is_determined(text, following):
    assert TASK.decode(TASK.answer(TASK.encode(text))[-1:]) == following


def test_a_stream_without_room_for_a_sum_is_refused():
    with pytest.raises(ValueError, match="at least 1 sum, got sums=0"):
        AdditionStream(sums=0)

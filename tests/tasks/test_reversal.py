import re

import pytest

from neuralstack import Reversal


def test_the_answer_is_the_source_backwards():
    task = Reversal(max_length=5)
    assert task.decode(task.answer(task.encode("stack"))) == "kcats"


def test_a_prompt_reads_as_its_marks_and_symbols():
    task = Reversal(max_length=3, alphabet="xyz")
    assert task.decode(task.prompt(task.encode("zx"))) == "<start>zx<separator>"


def test_the_symbols_of_ascii_are_their_codes():
    task = Reversal()
    assert (task.symbols, task.vocab_size) == (128, 131)
    assert task.encode("A\n~") == [65, 10, 126]


def test_the_lengths_are_the_published_ones():
    assert (Reversal.train_lengths, Reversal.test_lengths) == ((8, 64), (65, 128))
    assert Reversal().max_length == 128


@pytest.mark.parametrize("alphabet", ["", "aba"])
def test_an_alphabet_that_is_empty_or_repeats_itself_is_refused(alphabet):
    message = f"an alphabet needs at least one character, and each only once, got {alphabet!r}."
    with pytest.raises(ValueError, match=re.escape(message)):
        Reversal(3, alphabet)


@pytest.mark.parametrize(
    ("alphabet", "known"),
    [
        ("abc", "the 3 characters 'abc'."),
        ("".join(map(chr, range(128))), "the 128 characters of ASCII."),
        ("".join(map(chr, range(48, 98))), f"the 50 characters {''.join(map(chr, range(48, 88)))!r}...."),
    ],
    ids=["short", "ASCII", "long"],
)
def test_an_unknown_symbol_is_answered_with_the_known_ones(alphabet, known):
    with pytest.raises(
        ValueError, match=re.escape(f"unknown symbol 'ß' at character 1 of the text: this task knows {known}")
    ):
        Reversal(3, alphabet).encode("ß")

import random
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import TASKS

NAMES = ["copy", "bigram-flip", "svo-sov", "gender"]
random_numbers = random.Random(0)


def svo_phrase(letter):
    """A noun phrase of SVO to SOV: source and target side by side."""
    chance = random_numbers.random()
    if chance < 0.2:
        (a, b), (c, d) = svo_phrase(letter), svo_phrase(letter)
        return f"{a} {c}", f"{b} {d}"
    if chance < 0.4:
        (a, b), (c, d) = svo_phrase("s"), svo_phrase("s")
        number = random_numbers.randint(1, 33)
        return f"{a} rpi {c} vi{number}", f"{b} rpo {d} vo{number}"
    number = random_numbers.randint(1, 33)
    return f"{letter}i{number}", f"{letter}o{number}"


def svo_pair():
    (a, b), (c, d), number = svo_phrase("s"), svo_phrase("o"), random_numbers.randint(1, 33)
    return f"{a} vi{number} {c}", f"{b} {d} vo{number}"


ARTICLES = {("the", "m"): "der", ("the", "f"): "die", ("the", "n"): "das"}
ARTICLES |= {("a", "m"): "ein", ("a", "f"): "eine", ("a", "n"): "ein"}


def gender_phrase():
    chance = random_numbers.random()
    if chance < 0.3:
        (a, b), (c, d) = gender_phrase(), gender_phrase()
        english, german = random_numbers.choice([("or", "oder"), ("and", "und")])
        return f"{a} {english} {c}", f"{b} {german} {d}"
    article, letter = random_numbers.choice(list(ARTICLES))
    number = random_numbers.randint(1, 25)
    return f"{article} {letter}e{number}", f"{ARTICLES[article, letter]} {letter}g{number}"


def gender_pair():
    (a, b), number = gender_phrase(), random_numbers.randint(1, 25)
    c, d = gender_phrase() if random_numbers.random() < 0.75 else ("", "")
    return f"{a} we{number} {c}".strip(), f"{b} wg{number} {d}".strip()


@pytest.mark.parametrize(("name", "derive"), [("svo-sov", svo_pair), ("gender", gender_pair)])
def test_the_answer_is_the_other_side_of_a_synchronous_derivation(name, derive):
    task = TASKS[name]()
    for _ in range(300):
        source, target = derive()
        assert task.decode(task.answer(task.encode(source))) == target


def test_the_published_examples():
    for name, source, target in (
        ("svo-sov", "si1 vi28 oi5 oi7 si15 rpi si19 vi16 oi10 oi24", "so1 oo5 oo7 so15 rpo so19 vo16 oo10 oo24 vo28"),
        ("gender", "we11 the ne19 and the me17", "wg11 das ng19 und der mg17"),
        ("bigram-flip", "abcdef", "badcfe"),
        ("copy", "abc", "abc"),
    ):
        task = TASKS[name]()
        assert task.decode(task.answer(task.encode(source))) == target


@pytest.mark.parametrize("name", NAMES)
def test_drawn_pairs_are_right_up_to_the_longest_source(name):
    task = TASKS[name](max_length=128)
    lengths = jnp.array([1, 2, 3, 4, 64, 65, 127, 128])
    pairs = jax.device_get(jax.jit(jax.vmap(task.draw))(jax.random.split(jax.random.key(0), len(lengths)), lengths))
    for row, length in enumerate(lengths.tolist()):
        count = task.source_length(length)
        source = pairs.source[row][:count].tolist()
        assert task.answer(source) == pairs.target[row][:count].tolist()
        assert pairs.source_length[row] == count >= length


def test_all_words_and_all_kinds_of_sentences_are_drawn():
    for name, marks in (("svo-sov", ["rpi"]), ("gender", ["or", "and", "the", "a"])):
        task = TASKS[name](max_length=20)
        pairs = jax.jit(jax.vmap(lambda key, task=task: task.draw(key, 20)))(jax.random.split(jax.random.key(0), 500))
        counts = np.bincount(np.ravel(pairs.source[:, :20]), minlength=task.symbols)
        source_words = task.symbols // 2 if name == "svo-sov" else 104
        assert (counts[:source_words] > 0).all()
        assert (counts[source_words:] == 0).all()
        assert all(counts[task.words.index(mark)] > 100 for mark in marks)


REFUSED = {
    "bigram-flip": ("abc", "has an even length, got 3 symbols"),
    "svo-sov": ("si1 oi2", "a sentence needs a main verb, got 'si1 oi2'"),
    "svo-sov, the other side": ("so1 vo2 oo3", "words of the source's language only, got so1"),
    "gender": ("the we1", "an article needs a noun behind it, got 'the' before 'we1'"),
    "gender, at its end": ("we1 a", "an article needs a noun behind it, got 'a' before ''"),
    "gender, the other side": ("der mg1", "English words only, got der"),
}


@pytest.mark.parametrize(("name", "text", "message"), [(name, *given) for name, given in REFUSED.items()])
def test_a_source_without_an_answer_is_refused(name, text, message):
    task = TASKS[name.split(",")[0]]()
    with pytest.raises(ValueError, match=re.escape(message)):
        task.answer(task.encode(text))

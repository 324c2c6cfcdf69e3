import random
import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import TASKS

NAMES = ["copy", "bigram-flip", "svo-sov", "gender"]
LENGTHS = np.resize([1, 2, 3, 4, 64, 65, 127, 128], 320)
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


@cache
def drawn(name):
    """Pairs of every length in turn."""
    draw = jax.jit(jax.vmap(TASKS[name](max_length=128).draw))
    return jax.device_get(draw(jax.random.split(jax.random.key(0), len(LENGTHS)), jnp.asarray(LENGTHS)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_drawn_pairs_are_right_up_to_the_longest_source(name):
    task, pairs = TASKS[name](max_length=128), drawn(name)
    for row, length in enumerate(LENGTHS.tolist()):
        count = task.source_length(length)
        source = pairs.source[row][:count].tolist()
        assert task.answer(source) == pairs.target[row][:count].tolist()
        assert pairs.source_length[row] == count >= length


@pytest.mark.parametrize(("name", "source_words"), [("svo-sov", 100), ("gender", 104)])
@pytest.mark.slow
def test_all_words_of_the_source_and_no_others_are_drawn(name, source_words):
    task, pairs = TASKS[name](max_length=128), drawn(name)
    inside = np.arange(pairs.source.shape[1]) < pairs.source_length[:, None]
    counts = np.bincount(pairs.source[inside], minlength=task.symbols)
    assert (counts[:source_words] > 0).all()
    assert (counts[source_words:] == 0).all()
    frequent = {"rpi", "or", "and", "the", "a"} & set(task.vocabulary)
    assert all(counts[task.vocabulary.index(word)] > 1000 for word in frequent)


REFUSED = {
    "bigram-flip": ("abc", "has an even length, got 3 symbols"),
    "svo-sov": ("si1 oi2", "a sentence needs a main verb, got 'si1 oi2'"),
    "svo-sov, the other side": ("so1 vo2 oo3", "words of the source's language only, got so1"),
    "svo-sov, the other side behind the verb": ("si1 vi2 oo3", "words of the source's language only, got oo3"),
    "svo-sov, without an object": ("si1 vi2", "a sentence is a subject, a verb and an object, with a verb for each"),
    "gender": ("the we1", "an article needs a noun after it, got 'the' before 'we1'"),
    "gender, at its end": ("we1 a", "an article needs a noun after it, got 'a' before ''"),
    "gender, without a verb": ("the me1", "a sentence is a noun phrase, a verb, and perhaps another noun phrase"),
    "gender, the other side": ("der mg1", "English words only, got der"),
}


@pytest.mark.parametrize(("name", "text", "message"), [(name, *given) for name, given in REFUSED.items()])
def test_a_source_without_an_answer_is_refused(name, text, message):
    task = TASKS[name.split(",")[0]]()
    with pytest.raises(ValueError, match=re.escape(message)):
        task.answer(task.encode(text))

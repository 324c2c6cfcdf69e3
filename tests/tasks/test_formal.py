import re
from functools import cache
from itertools import islice, product

import jax
import numpy as np
import pytest

from cases import quick
from neuralstack import TASKS
from neuralstack.tasks.formal import Counting, Dyck, Memorization

STRINGS = {
    "anbn": lambda n, m: "a" * n + "b" * n,
    "anbncn": lambda n, m: "a" * n + "b" * n + "c" * n,
    "anbncndn": lambda n, m: "a" * n + "b" * n + "c" * n + "d" * n,
    "anb2n": lambda n, m: "a" * n + "b" * 2 * n,
    "anbmcnm": lambda n, m: "a" * n + "b" * m + "c" * (n + m),
}
counting = pytest.mark.parametrize("name", quick(STRINGS, "anbn", "anbmcnm"))


@cache
def drawn(name, longest, length):
    """A hundred sources of a length, their targets, and what is scored."""
    task = TASKS[name](max_length=longest)

    @jax.jit
    @jax.vmap
    def draw(key):
        pair = task.draw(key, length)
        return pair.source, pair.target, task.scored(pair)

    sources, *others = jax.device_get(draw(jax.random.split(jax.random.key(0), 100)))
    return [part[:, : task.source_length(length)] for part in (sources, *others)]


@counting
def test_what_is_scored_is_what_every_continuation_agrees_on(name):
    task = TASKS[name]()
    strings = {STRINGS[name](n, m) for n, m in product(range(1, 8), repeat=2)}
    for source, target, scored in islice(zip(*drawn(name, 4, 3), strict=True), 20):
        text = task.decode(source.tolist())
        begun = 0  # where the present string begins
        for place in range(len(text)):
            here = text[begun : place + 1]
            following = {one[len(here)] for one in strings if one.startswith(here) and len(one) > len(here)}
            if here in strings:
                following |= {"a"}
            determined = len(following) == 1 and here != here[0] * len(here)
            assert scored[place] == determined
            if determined:
                assert task.decode([int(target[place])]) in following
            if here in strings and text[place + 1 : place + 2] == "a":
                begun = place + 1


@counting
def test_a_stream_is_made_of_strings_with_every_n_up_to_the_length_asked_for(name):
    task, (sources, _, _) = TASKS[name](), drawn(name, 4, 3)
    assert {len(run) for source in sources.tolist() for run in re.findall("a+", task.decode(source))} == {1, 2, 3}


@counting
def test_strings_begin_with_the_smallest_count_that_is_asked_for(name):
    task = TASKS[name](max_length=3, min_count=2)
    sources = jax.jit(jax.vmap(lambda key: task.draw(key, 3).source))(jax.random.split(jax.random.key(0), 50))
    runs = {len(run) for source in sources.tolist() for run in re.findall("a+(?=b)", task.decode(source))}
    assert runs == {2, 3}
    with pytest.raises(ValueError, match="min_count must be from 1 to max_length=3, got 4"):
        TASKS[name](max_length=3, min_count=4)


@counting
def test_a_single_string_of_the_language(name):
    task = TASKS[name]()
    for n, m in ((1, 1), (2, 5), (60, 3)):
        assert task.decode(task.single(n, m)) == STRINGS[name](n, m)
        assert task.decode(task.answer(task.single(n, m)))[-1] == "a"


@counting
def test_where_every_string_is_the_shortest_what_follows_the_last_is_an_a(name):
    task, (sources, targets, _) = TASKS[name](), drawn(name, 1, 1)
    assert task.decode(sources[0].tolist()) == 3 * STRINGS[name](1, 1)
    assert targets[0].tolist() == task.answer(sources[0].tolist())


BROKEN = {
    "anbn": ("aab" + "a", "'aaba' is not a stream of anbn: symbol 4 is wrong"),
    "anbncn": ("aabbcb", "symbol 6 is wrong"),
    "anbncndn": ("bcd", "a stream of anbncndn begins with an a, got 'bcd'"),
    "anbmcnm": ("abcccc", "symbol 5 is wrong"),
    "anb2n": ("abbb", "symbol 4 is wrong"),
}


@pytest.mark.parametrize(("name", "text", "message"), [(name, *given) for name, given in BROKEN.items()])
def test_what_is_no_stream_is_refused(name, text, message):
    task = TASKS[name]()
    with pytest.raises(ValueError, match=re.escape(message)):
        task.answer(task.encode(text))


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"one of anbn, anbncn, anbncndn, anb2n, anbmcnm, .* got 'anbb' and 3"):
        Counting(language="anbb")


def test_memorization_is_a_string_a_mark_and_the_string_backwards():
    task = TASKS["memorization"](max_length=9)
    draw = jax.jit(task.draw)
    for length in (1, 4, 9):
        pair = draw(jax.random.key(length), length)
        text = task.decode(pair.source[: 2 * length + 1].tolist())
        first, second = text.split("#")
        assert first == second[::-1]
        assert np.flatnonzero(task.scored(pair)).tolist() == list(range(length, 2 * length + 1))
    with pytest.raises(ValueError, match=re.escape("a string, # and the string backwards, got 'ab#ab'")):
        task.answer(task.encode("ab#ab"))
    with pytest.raises(ValueError, match="at least one character besides #"):
        Memorization(alphabet="")


@pytest.mark.parametrize(
    "name", ["dyck-2", *(pytest.param(f"dyck-{pairs}", marks=pytest.mark.slow) for pairs in (1, 3, 6))]
)
def test_brackets_are_balanced_and_every_legal_next_one_can_be_completed(name):
    task = TASKS[name]()
    matching = [task.vocabulary[kind] + task.vocabulary[kind + task.pairs] for kind in range(task.pairs)]
    sources, targets, _ = drawn(name, 12, 12)
    for source, target in islice(zip(sources.tolist(), targets.tolist(), strict=True), 60):
        text = task.decode(source)
        assert remainder(text, matching) == ""
        for place in range(12):
            closers = {
                bracket[1]
                for bracket in matching
                # A closing bracket is legal if what precedes it, reduced, ends with its partner.
                if remainder(text[: place + 1], matching)[-1:] == bracket[0]
            }
            wanted = {bracket[0] for bracket in matching} | closers
            assert {task.decode([symbol]) for symbol in task.legal(target[place])} == wanted
    kinds = np.unique(sources)
    assert kinds.tolist() == list(range(2 * task.pairs))


@pytest.mark.parametrize("pairs", [2, *(pytest.param(pairs, marks=pytest.mark.slow) for pairs in (1, 3, 6))])
def test_every_kind_of_brackets_is_drawn_equally_often(pairs):
    opened = np.concatenate(drawn(f"dyck-{pairs}", 12, 12)[0])
    counts, mean = np.bincount(opened[opened < pairs], minlength=pairs), (opened < pairs).sum() / pairs
    assert len(counts) == pairs
    assert (abs(counts - mean) < 5 * mean**0.5).all()


def remainder(text, pairs):
    """Return what is left of some brackets after removing all matching neighbors."""
    while (shorter := re.sub("|".join(map(re.escape, pairs)), "", text)) != text:
        text = shorter
    return text


def test_brackets_that_do_not_match_are_refused():
    task = TASKS["dyck-2"]()
    with pytest.raises(ValueError, match=re.escape("']' at place 2 closes no open bracket")):
        task.answer(task.encode("(]"))


@pytest.mark.parametrize("pairs", [0, 7])
def test_as_many_kinds_of_brackets_as_there_are_not_are_refused(pairs):
    with pytest.raises(ValueError, match=f"there are 1 to 6 kinds of brackets, got pairs={pairs}"):
        Dyck(pairs=pairs)


def test_the_longest_word_is_drawn():
    task, (sources, targets, _) = TASKS["dyck-2"](), drawn("dyck-2", 99, 99)
    assert sources.shape == (100, 100)
    assert [task.answer(source) for source in sources.tolist()] == targets.tolist()

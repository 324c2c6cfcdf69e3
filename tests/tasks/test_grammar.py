from collections import Counter, defaultdict
from functools import cache, partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import TASKS
from neuralstack.tasks import draw_word, terminals

DYCK = (("S", ((1 / 2, "( S )"), (1 / 4, "S S"), (1 / 4, ""))),)
# Useless but hard: a rule that produces one symbol, one that produces four, an empty one, and recursion.
AWKWARD = (
    ("root", ((0.5, "one"), (0.3, "x root y one"), (0.2, "one one"))),
    ("one", ((0.6, "x"), (0.2, ""), (0.2, "y one x y"))),
)
GRAMMARS = {"dyck": DYCK, "awkward": AWKWARD}
# Those of Grefenstette et al. (2015, appendix C), the second one as it is fitted to their prose.
SENTENCES = (
    ("sentence", ((1.0, "S verb O"),)),
    ("S", ((1 / 5, "S S"), (1 / 5, "S relative S verb"), (3 / 5, "subject"))),
    ("O", ((1 / 5, "O O"), (1 / 5, "S relative S verb"), (3 / 5, "object"))),
)
NOUNS = [f"{article} {noun}" for article in ("the", "a") for noun in ("male", "female", "neuter")]
GENDER = (
    ("sentence", ((1.0, "B V"),)),
    ("B", ((1 / 4, "B or B"), (1 / 4, "B and B"), (1 / 2, "S"))),
    ("V", ((3 / 4, "verb B"), (1 / 4, "verb"))),
    ("S", tuple((1 / 6, noun) for noun in NOUNS)),
)
SOURCES = {"dyck-1": DYCK, "svo-sov": SENTENCES, "gender": GENDER}
# Kinds of words by how the words of a source begin; others are kinds themselves.
KINDS = {
    "dyck-1": {},
    "svo-sov": {"si": "subject", "oi": "object", "vi": "verb", "rpi": "relative"},
    "gender": {"me": "male", "fe": "female", "ne": "neuter", "we": "verb"},
}
every_task = pytest.mark.parametrize(("name", "grammar"), SOURCES.items(), ids=SOURCES)
# One word of each kind; of the genders one is enough.
SVO_KINDS = {"subject": "si1", "object": "oi1", "verb": "vi1", "relative": "rpi"}
SVO = pytest.param("svo-sov", SVO_KINDS, 6, marks=pytest.mark.slow)
GENDER_KINDS = {"the": "the", "or": "or", "verb": "we1", "neuter": "ne1"}


def chances(grammar, longest):
    """The probability of every sentence of up to `longest` words, by adding up derivations until nothing changes."""
    rules = dict(grammar)
    known = {name: {} for name in rules}

    def made(symbols):
        total = {(): 1.0}
        for symbol in symbols:
            options = known[symbol] if symbol in rules else {(symbol,): 1.0}
            longer = defaultdict(float)
            for (one, p), (two, q) in product(total.items(), options.items()):
                if len(one) + len(two) <= longest:
                    longer[one + two] += p * q
            total = longer
        return total

    for _ in range(60):
        new = {name: defaultdict(float) for name in rules}
        for name, ones in grammar:
            for chance, text in ones:
                for word, p in made(text.split()).items():
                    new[name][word] += chance * p
        known = new
    return known[grammar[0][0]]


@cache
def drawn(grammar, length, longest, count):
    draw = jax.jit(jax.vmap(lambda key, length: draw_word(key, grammar, length, longest), in_axes=(0, None)))
    words = draw(jax.random.split(jax.random.key(0), count), length)[:, :length].tolist()
    kinds = terminals(grammar)
    return [tuple(kinds[kind] for kind in word) for word in words]


@cache
def drawn_sources(name, length, longest, count):
    """The kinds of the words of sources of a task."""
    task = TASKS[name](max_length=longest)
    draw = jax.jit(jax.vmap(lambda key, length: task.draw(key, length).source, in_axes=(0, None)))
    sources = draw(jax.random.split(jax.random.key(0), count), length)[:, :length].tolist()
    words = [task.vocabulary[symbol] for symbol in range(task.symbols)]
    kinds = [KINDS[name].get(word.rstrip("0123456789"), word) for word in words]
    return [tuple(kinds[symbol] for symbol in source) for source in sources]


def assert_as_likely_as_in(grammar, length, words):
    likely = {word: p for word, p in chances(grammar, length).items() if len(word) == length}
    counts, total = Counter(words), sum(likely.values())
    assert counts.keys() <= likely.keys()
    for word, p in likely.items():
        expected = p / total
        assert abs(counts[word] / len(words) - expected) < 5 * (expected / len(words)) ** 0.5 + 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "length"), [("dyck", 6), ("awkward", 5)])
def test_words_of_a_length_are_as_likely_as_in_the_grammar(name, length):
    assert_as_likely_as_in(GRAMMARS[name], length, drawn(GRAMMARS[name], length, 9, 8000))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "length", "longest"),
    [("svo-sov", 5, 9), ("gender", 5, 9), ("dyck-1", 2, 2), ("dyck-1", 2, 8), ("dyck-1", 6, 8), ("dyck-1", 8, 8)],
)
def test_sources_of_a_task_are_as_likely_as_in_its_grammar(name, length, longest):
    assert_as_likely_as_in(SOURCES[name], length, drawn_sources(name, length, longest, 8000))


@pytest.mark.slow
@every_task
def test_a_length_that_no_word_has_is_raised_to_the_next(name, grammar):
    lengths = {len(word) for word in chances(grammar, 8)}
    wanted = [min(length for length in lengths if length >= asked) for asked in range(1, 9)]
    assert [TASKS[name]().source_length(asked) for asked in range(1, 9)] == wanted
    assert TASKS[name]().source_length(jnp.arange(1, 9)).tolist() == wanted


@pytest.mark.parametrize(("name", "kinds", "longest"), [SVO, ("gender", GENDER_KINDS, 5)])
def test_an_answer_is_given_to_exactly_the_sentences_of_the_grammar(name, kinds, longest):
    task = TASKS[name]()
    sentences = {" ".join(kinds.get(kind, "") for kind in word) for word in chances(SOURCES[name], longest + 2)}
    if name == "gender":  # the published example lacks what is before the verb
        sentences |= {sentence[sentence.index("we1") :] for sentence in sentences}
    for length in range(1, longest + 1):
        for words in product(kinds.values(), repeat=length):
            sentence = " ".join(words)
            if sentence in sentences:
                assert len(task.answer(task.encode(sentence))) == length
            else:
                with pytest.raises(ValueError, match=r"sentence|article"):
                    task.answer(task.encode(sentence))


@pytest.mark.parametrize(
    "draw", [partial(drawn, DYCK), pytest.param(partial(drawn_sources, "dyck-1"), marks=pytest.mark.slow)]
)
def test_a_long_word_is_drawn_whole_and_many_are_different(draw):
    words = draw(100, 100, 50)
    assert len(set(words)) == 50
    for word in words:
        depths = np.cumsum([1 if kind == "(" else -1 for kind in word])
        assert depths[-1] == 0 <= depths.min()


def test_one_compilation_serves_every_length():
    traced = []

    @jax.jit
    def draw(key, length):
        traced.append(length)
        return draw_word(key, DYCK, length, 12)

    for length in (2, 6, 12):
        draw(jax.random.key(0), jnp.asarray(length))
    assert len(traced) == 1

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import GRU, Characters, NeuralStack, NoMemory, sample_text, sample_texts
from neuralstack.corpora import filter_logits
from small import drawn_machine

TASK = Characters(max_length=4, alphabet="abcd")
LINES = Characters(max_length=4, alphabet="\nabc")


run = jax.jit(lambda machine, *arguments, **options: machine.batch(*arguments, **options))


def build(task=TASK, memory=None):
    connection = "skip" if memory else "paper"
    return drawn_machine(GRU, memory or NoMemory(), task.vocab_size, hidden=6, embedding=4, connection=connection)


def kept(logits, top_k=None, top_p=1.0):
    """Return the symbols that are kept, after checking that their logits are unchanged."""
    filtered = np.asarray(filter_logits(jnp.asarray(logits), top_k or len(logits), top_p))
    stay = np.isfinite(filtered)
    np.testing.assert_array_equal(filtered[stay], np.asarray(logits, np.float32)[stay])
    return set(np.flatnonzero(stay).tolist())


@pytest.mark.parametrize("seed", quick(range(20), *range(5)))
@pytest.mark.parametrize("top_p", [1e-6, 0.3, 0.6, 0.9, 0.999])
def test_top_p_keeps_the_fewest_symbols_of_that_mass(seed, top_p):
    logits = 2 * np.random.default_rng(seed).normal(size=30)
    weights = np.exp(logits) / np.exp(logits).sum()
    order = np.argsort(-weights)
    fewest = 1 + int(np.searchsorted(np.cumsum(weights[order]), top_p))
    assert kept(logits, top_p=top_p) == set(order[:fewest].tolist())


def test_top_k_keeps_the_likeliest_symbols_and_the_first_of_equal_ones():
    logits = [1.0, 3.0, 3.0, 0.0, 2.0]
    assert [kept(logits, k) for k in (1, 2, 3, 5)] == [{1}, {1, 2}, {1, 2, 4}, {0, 1, 2, 3, 4}]


def test_top_p_is_of_what_top_k_left():
    logits = np.log([0.4, 0.3, 0.2, 0.1])
    assert kept(logits, top_p=0.55) == {0, 1}
    assert kept(logits, top_k=2, top_p=0.55) == {0}  # 4 of 7 parts


def test_without_limits_even_symbols_that_next_to_never_come_stay():
    assert kept([50.0, 0.0, -40.0]) == {0, 1, 2}


@pytest.mark.parametrize("memory", [pytest.param(NoMemory(), marks=pytest.mark.slow), NeuralStack(4)])
@pytest.mark.parametrize(
    "options",
    [pytest.param({"temperature": 0.0}, marks=pytest.mark.slow), {"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-9}],
    ids=str,
)
def test_the_likeliest_character_is_taken_where_no_other_is_left(memory, options):
    machine = build(memory=memory)
    text = "ab"
    for _ in range(6):  # a memory is empty at the start of each stretch of 4
        state = machine.init_controller(1)
        for start in range(0, len(text), 4):
            part = jnp.asarray(TASK.encode(text[start : start + 4]))[:, None]
            shown = run(machine, part, state=state)
            state, logits = shown.state, shown.logits[-1, 0]
        text += TASK.decode([int(jnp.argmax(logits))])
    assert sample_text(machine, TASK, "ab", 6, **options) == text[2:]


def test_a_sample_follows_from_its_seed():
    machine = build()
    samples = list(sample_texts(machine, TASK, 4, "ab", length=30, seed=5))
    assert samples == [sample_text(machine, TASK, "ab", 30, seed=seed) for seed in range(5, 9)]
    assert len(set(samples)) == 4
    assert {len(sample) for sample in samples} == {30}
    assert sample_text(machine, TASK, "ab", 30, seed=5, top_k=4, top_p=1.0) == samples[0]


def test_characters_outside_top_k_are_never_written():
    machine = build()
    likeliest = sample_text(machine, TASK, "ab", 1, top_k=1)
    drawn = {sample_text(machine, TASK, "ab", 1, temperature=50.0, seed=seed, top_k=2) for seed in range(30)}
    assert likeliest in drawn
    assert len(drawn) == 2


def test_writing_ends_before_the_stop_character():
    machine = build()
    whole = sample_text(machine, TASK, "ab", 40, seed=1)
    assert "c" in whole
    assert sample_text(machine, TASK, "ab", 40, seed=1, stop="c") == whole.partition("c")[0]


def test_a_text_without_a_prompt_begins_as_a_line_does():
    machine = build(LINES)
    assert sample_text(machine, LINES, length=20, seed=3) == sample_text(machine, LINES, "\n", 20, seed=3)


def test_a_text_without_a_prompt_and_lines_begins_with_any_character():
    machine = build()
    firsts = {sample_text(machine, TASK, length=1, seed=seed) for seed in range(40)}
    assert firsts == set("abcd")
    text = sample_text(machine, TASK, length=20, seed=7)
    assert len(text) == 20
    assert text[1:] == sample_text(machine, TASK, text[0], 19, seed=7)


BAD = [
    ({"prompt": "THE"}, "unknown symbol 'T' at character 1"),
    ({"length": 0}, "length, the number of characters to write, must be at least 1 and at most 1000000, got 0"),
    ({"length": 10**12}, "length, the number of characters to write, must be at least 1"),
    ({"temperature": -1.0}, "temperature must be a number of at least 0, not infinite, got -1.0"),
    ({"temperature": float("nan")}, "temperature must be a number of at least 0, not infinite, got nan"),
    ({"seed": 12345678901234567890}, "seed must be a whole number from 0 to 2147483647, got 12345678901234567890"),
    ({"seed": -1}, "seed must be a whole number from 0 to 2147483647, got -1"),
    ({"top_k": 0}, "top_k, the number of characters to draw from, must be at least 1, got 0"),
    ({"top_p": 0.0}, "top_p, .* must be above 0 and at most 1, got 0.0"),
    ({"top_p": 1.5}, "top_p, .* must be above 0 and at most 1, got 1.5"),
    ({"stop": "z"}, "stop must be one character of the task's alphabet, got 'z'"),
    ({"stop": ""}, "stop must be one character of the task's alphabet, got ''"),
    ({"stop": "ab"}, "stop must be one character of the task's alphabet, got 'ab'"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=str)
def test_a_sample_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        sample_text(build(), TASK, **options)


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="count, the number of texts, must be at least 1 and at most 1000000, got 0"):
        list(sample_texts(build(), TASK, 0, "ab"))

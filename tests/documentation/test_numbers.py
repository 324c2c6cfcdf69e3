"""Measured numbers in the prose of pages are those of committed result files; tables are made from these files."""

import json
import re
from pathlib import Path

import pytest

import neuralstack as ns
from neuralstack.experiments import transductions

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results"
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text()
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}


def runs(name, variant):
    """The trained machines of a variant of an experiment."""
    return json.loads((RESULTS / f"{name}.json").read_text())["variants"][variant]["runs"]


def variants(name, **wanted):
    """The names of the variants of an experiment that have these entries."""
    found = json.loads((RESULTS / f"{name}.json").read_text())["variants"]
    return [key for key, variant in found.items() if wanted.items() <= variant.items()]


def attempts_in_a_transformer():
    return [json.loads(line) for line in (RESULTS / "transformer_reversal.jsonl").read_text().splitlines()]


def attempts_in_pytorch():
    return json.loads((RESULTS / "pytorch_reversal.json").read_text())["seeds"]


def the_program_of_parity_is_small():
    card = ns.zoo.load("parity").card
    return (card["network"]["weights"], *card["program"].values()) == (14_835, 2, 22)


def reverse_a_hundred_times_as_long():
    return all(run["hardened"]["10000"] == 1 for run in runs("hardening", "demo"))  # after 64 in training


def a_quarter_fails_when_only_rounded():
    failed = [run["rounded"]["10000"] < 1 for run in runs("hardening", "demo")]
    return 0.2 < sum(failed) / len(failed) < 0.3


def imitators_are_exact_and_the_others_guess():
    far = {name: [run["far"]["token"] for run in runs("actions", name)] for name in variants("actions")}
    exact = [all(token == 1 for token in far[name]) for name in ("hard", "soft", "pointer")]
    return all(exact) and all(abs(token - 0.5) < 0.06 for name in ("lstm", "reinforce") for token in far[name])


def few_strings_without_a_memory():
    names = [name for label in ("RNN", "LSTM") for name in variants("counting", label=label)]
    return all(run["hard"] < 50 for name in names for run in runs("counting", name))


def published_genders_without_a_memory():
    networks = len(transductions.NETWORKS)
    tables = [transductions.PUBLISHED[task] for task in (transductions.SVO, transductions.GENDER)]
    whole = [test_coarse for table in tables for _, _, test_coarse, _ in table[:networks]]
    return (min(whole), max(whole)) == (0.96, 0.99)


def all_but_one_reverse_each_string_in_a_transformer():
    found = attempts_in_a_transformer()
    steps, whole = [one["steps"] for one in found], sorted(round(1000 * one["whole"]) for one in found)
    return (min(steps), max(steps)) == (900, 1500) and whole == [999] + 19 * [1000]


def ten_learn_in_their_first_attempt():
    return sum(one["restarts"] == 0 for one in attempts_in_a_transformer()) == 10


def all_reverse_each_string_in_pytorch():
    found = attempts_in_pytorch()
    steps = [one["steps"] for one in found]
    return len(found) == sum(one["longer"] == 1 for one in found) == 20 and (min(steps), max(steps)) == (250, 600)


def twice_the_length_in_the_example():
    return min(one["whole"] for one in attempts_in_a_transformer()) >= 0.99


def a_stack_decides_in_the_transformer():
    right = {
        (task, memory): sum(run["train"]["coarse"] >= 0.99 for run in runs("transformer", f"{task}/{memory}"))
        for task in ("dyck-2", "reversal")
        for memory in ("none", "stack")
    }
    return all(count >= 4 if memory == "stack" else count == 0 for (_, memory), count in right.items())


CLAIMS = [
    ("README.md", "exactly on sequences a hundred times as long", reverse_a_hundred_times_as_long),
    ("docs/guide/looking.md", "on thousands of symbols about a quarter of the machines still fail",
     a_quarter_fails_when_only_rounded),
    ("docs/guide/looking.md", "learned parity, 14,835 weights, there remains the automaton of two states, in 22 bits",
     the_program_of_parity_is_small),
    ("docs/guide/pytorch.md", "All of its 20 seeds answer each of the 1000 longer strings, after 250 to 600 batches",
     all_reverse_each_string_in_pytorch),
    ("docs/guide/transformer.md",
     "within 900 to 1500 batches: 19 answer each of the 1000 longer strings, and one answers 999 of them",
     all_but_one_reverse_each_string_in_a_transformer),
    ("docs/guide/transformer.md", "10 of the seeds learn in their first attempt", ten_learn_in_their_first_attempt),
    ("docs/results/actions.md", "near guessing, 0.5, at ten times the length",
     imitators_are_exact_and_the_others_guess),
    ("docs/results/counting.md", "Networks without a memory continue fewer than half of the strings",
     few_strings_without_a_memory),
    ("docs/results/transductions.md", "networks without any memory answer 96 to 99% of them",
     published_genders_without_a_memory),
    ("docs/results/transformer.md", "all seeds or all but one learn what no seed of the Transformer alone does",
     a_stack_decides_in_the_transformer),
    ("docs/results/transformer.md", "answers at least 99% of strings of twice the length with each of its seeds",
     twice_the_length_in_the_example),
]  # fmt: skip


# Numbers with a unit that say how something is defined or set, not what was measured.
SETTINGS = [
    "95% confidence interval", "95% interval", "after 30 seconds", "every 30 seconds", "at least 99 % of the symbols",
    "10 of 5000", "100 of 500", "100 of 5000", "90% of the sequences", "times the 32 bits of each",
    "at least 95% of the symbols", "on up to 10 bits", "more than 5 seconds", "more than 6 GiB", "more than 10 seconds",
    "at least 99% of the strings",
]  # fmt: skip
# On these pages, what numbers say is computed on the page, by blocks that tests run; or it is a table of settings.
COMPUTED = ("docs/guide/first-steps.md", "docs/guide/lesson.md", "docs/guide/memories.md", "docs/notebooks/")
NOT_PROSE = re.compile(
    r"^ *```.*?^ *```|<!--.*?-->|`[^`\n]*`|\]\([^)]*\)|<[^>]*>|\$\$.*?\$\$", re.MULTILINE | re.DOTALL
)
TABLE = re.compile(r"(?<=<!-- published: begin -->).*(?=<!-- published: end -->)", re.DOTALL)
MEASURE = re.compile(
    r"\b\d[\d,]* of (?:the |its )?\d[\d,]*\b|\b\d[\d.,]* ?%"
    r"|\b\d[\d.,]* (?:ms|seconds|minutes|hours|MiB|GiB|MB|times|bits|weights)\b"
)


def on_one_line(text):
    return " ".join(text.split())


def measures(text):
    """Counts, shares, times and sizes in the prose of a page."""
    prose = on_one_line(NOT_PROSE.sub(" ", TABLE.sub(" ", text)))
    known = [phrase for _, phrase, _ in CLAIMS] + SETTINGS
    for phrase in known:
        prose = prose.replace(phrase, " ")
    return MEASURE.findall(prose)


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith(COMPUTED)])
def test_no_page_has_a_measure_that_is_compared_with_nothing(page):
    assert measures(PAGES[page]) == []


def test_a_measure_in_prose_is_found():
    assert measures("It took 3.4\nseconds, for 9 of 10 seeds (`12 bits`), or 97%, in 22 bits.") == [
        "3.4 seconds", "9 of 10", "97%", "22 bits",
    ]  # fmt: skip


@pytest.mark.parametrize(("page", "phrase", "holds"), CLAIMS, ids=[f"{page}: {phrase}" for page, phrase, _ in CLAIMS])
def test_a_page_says_what_was_measured(page, phrase, holds):
    assert phrase in on_one_line(PAGES[page]), "the page has changed: change the claim, and what it is compared with"
    assert holds()

"""The zoo: programs answer as their tasks and networks do, proofs are found again, and changed programs are refuted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import neuralstack as ns
from cases import quick
from neuralstack.automata import run_batch
from neuralstack.discretization import answers, draw_fresh
from neuralstack.verification import NotProved, change_one, check_drawn, check_every, prove, specification

ENTRIES = ns.zoo.list()
EACH = pytest.mark.parametrize("name", ENTRIES)
MANY_SYMBOLS = "copy", "reversal"
PROVED = [name for name in ENTRIES if ns.zoo.load(name).card["verification"]["proof"]]
FEW_SYMBOLS = quick(ENTRIES, *[name for name in ENTRIES if name not in MANY_SYMBOLS])  # of others, it takes longer
QUICKLY_PROVED = [name for name in PROVED if name not in (*MANY_SYMBOLS, "reverse-string")]


def test_the_zoo_has_the_tasks_that_are_promised():
    assert len(ENTRIES) >= 15
    assert set(PROVED) >= {
        "reversal", "reverse-string", "stack-manipulation", "parity", "even-pairs", "cycle-navigation", "dyck-1",
        "dyck-2", "dyck-3", "dyck-6", "anbn",
    }  # fmt: skip


def test_the_zoo_is_small():
    folder = Path(ns.zoo.__file__).parent / "entries"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 2_000_000
    assert {file.parent.name for file in files} == set(ENTRIES)


def test_an_unknown_entry_is_refused_with_the_closest():
    with pytest.raises(ValueError, match=r"unknown entry of the zoo 'dyck-4': did you mean 'dyck-\d'\? choose from"):
        ns.zoo.load("dyck-4")


def test_a_program_is_read_and_run_without_jax():
    code = "import sys, neuralstack as ns; print(ns.zoo.load('dyck-2').program.answer([0, 1]), 'jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[2, 3] False\n"


@pytest.mark.parametrize("name", FEW_SYMBOLS)
def test_a_program_answers_all_short_sources_of_its_task(name):
    entry = ns.zoo.load(name)
    right = specification(entry.task)
    checked, found = check_every(entry.program, entry.task, right, seconds=10 if name in MANY_SYMBOLS else 0.5)
    assert found is None
    assert checked.sources > 0


@pytest.mark.parametrize("name", quick(ENTRIES, "dyck-2", "parity", "reversal"))
def test_a_program_answers_random_sources_of_its_task(name):
    entry = ns.zoo.load(name)
    checked, found = check_drawn(entry.program, entry.task, specification(entry.task), longest=100, sequences=128)
    assert (checked.sources, found) == (128, None)


@pytest.mark.parametrize("name", quick(ENTRIES, "dyck-2", "parity"))
def test_a_network_answers_as_its_program(name):
    entry = ns.zoo.load(name)
    data = draw_fresh(entry.task, (1, 60), 64, seed=7)
    same = answers(entry.machine, data) == run_batch(entry.program, data.tokens, data.used)
    assert (same | ~data.scored).all()


@EACH
def test_a_card_says_how_a_network_was_trained_and_what_was_found(name):
    card = ns.zoo.load(name).card
    assert card["command"] == f"neuralstack reproduce zoo --tasks {name} --seeds 1 --first-seed {card['seed']}"
    assert (card["task"], card["longest"] > 990) == (name, True)
    assert card["failed_seeds"] == list(range(card["seed"]))
    assert card["verification"]["drawn"]["sources"] == 10_000
    assert card["agreement"]["same"] == card["agreement"]["sequences"]
    assert card["program"]["bits"] == ns.zoo.load(name).program.bits
    proof = card["verification"]["proof"]
    assert proof is None or any("Z3" in assumed for assumed in proof["assumed"])


@pytest.mark.parametrize("name", quick(PROVED, *QUICKLY_PROVED))
def test_a_proof_is_found_again(name):
    entry = ns.zoo.load(name)
    proof = prove(entry.program, specification(entry.task))
    assert json.loads(json.dumps(proof.record())).items() <= entry.card["verification"]["proof"].items()


@pytest.mark.parametrize("name", quick(PROVED, *QUICKLY_PROVED))
def test_a_program_with_one_transition_changed_is_refuted_with_a_shortest_source(name):
    entry, change = ns.zoo.load(name), ns.zoo.load(name).card["changed"]
    broken = change_one(entry.program, change["seed"])
    right = specification(entry.task)
    with pytest.raises(NotProved):
        prove(broken, right)
    _, found = check_every(broken, entry.task, right, seconds=60)
    assert found.is_shortest
    assert found.source == change["source"]

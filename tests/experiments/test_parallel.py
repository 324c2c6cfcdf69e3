"""Quick runs of experiments on several cores; every seed has a result already, or is trained by the test."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from neuralstack import complete, configure
from neuralstack.experiments import EXPERIMENTS, Quick, Variant, reproduce
from neuralstack.training import Run, defer_keyboard_interrupt

CONFIG = complete(configure("reversal", max_length=4, min_length=1, curriculum="uniform"))


def experiment_of(path, count, headline):
    """An experiment whose variants are numbered, and read as they are: `headline` is called with each result."""
    variants = [Variant(str(number), f"machine {number}", CONFIG, seeds=1) for number in range(count)]
    for variant in variants:
        run = Run.create(path / variant.name / "0", CONFIG)
        run.write("result.json", json.dumps({"variant": variant.name, "steps": 1, "wall_seconds": 0.0}))
    quick = Quick(variants, parallel=True)
    return replace(
        EXPERIMENTS["counting"], quick=quick, headline=headline, tables=lambda result: [], figures=(), curves=()
    )


def test_what_is_done_on_several_cores_comes_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)  # as JAX and the executor see it
    ended = []

    def headline(run):
        time.sleep({"0": 0.2, "1": 0.0, "2": 0.1}[run["variant"]])
        ended.append(run["variant"])
        return ""

    result = reproduce(experiment_of(tmp_path, 3, headline), tmp_path, quick=True, report=lambda line: None)
    assert ended == ["1", "2", "0"]
    assert {name: one["runs"][0]["variant"] for name, one in result["variants"].items()} == {
        "0": "0",
        "1": "1",
        "2": "2",
    }


def asked(number):
    with defer_keyboard_interrupt() as interrupted:
        return interrupted()


def test_ctrl_c_ends_what_is_done_on_several_cores_and_begins_nothing_more(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    begun, both_begun = [], threading.Barrier(2)
    before = signal.getsignal(signal.SIGINT)

    def train(run):
        begun.append(run["variant"])
        with defer_keyboard_interrupt() as interrupted:
            both_begun.wait(30)
            if run["variant"] == "0":
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            for _ in range(1000):
                if interrupted():
                    raise KeyboardInterrupt
                time.sleep(0.01)
        pytest.fail("nobody was interrupted")

    experiment = experiment_of(tmp_path, 6, train)
    with pytest.raises(KeyboardInterrupt):
        reproduce(experiment, tmp_path, quick=True, report=lambda line: None)
    assert sorted(begun) == ["0", "1"]
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(asked, 0).result()  # what comes later in another thread was not interrupted
    assert signal.getsignal(signal.SIGINT) is before

"""Trainings by two processes over loopback, and what happens if one of them is not like the other, or dies."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cells import TINY, TINY_OPTIONS
from neuralstack import DeviceGroup, grid, sweep, train
from neuralstack.training import Run, free_port, with_options
from small import OPTIONS, SMALL, assert_same_run, command

pytestmark = pytest.mark.slow

EVEN = with_options(SMALL, batch_size=24, max_steps=60, evaluate_every=5, restart_after=0, stop_after_perfect=0)
EVEN_OPTIONS = [
    *OPTIONS[:-6], "--batch-size", "24", *OPTIONS[-4:], "--evaluate-every", "5", "--restart-after", "0",
    "--stop-after-perfect", "0",
]  # fmt: skip


@pytest.fixture
def start(tmp_path):
    """Start two processes that train together, each with its own further options."""
    processes = []

    def start(*common, own=((), ()), environments=(None, None)):
        address = ("--distributed", "--coordinator", f"127.0.0.1:{free_port()}", "--processes", 2, "--join-within", 60)
        for number in range(2):
            full = command(*common, *own[number], *address, "--process", number)
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            processes.append(subprocess.Popen(full, env=environments[number], **streams))
        return processes[-2:]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ends(processes):
    """Wait until all have ended, and return the status, the output and the lines of errors of each."""
    found = [(process, *process.communicate(timeout=120)) for process in processes]
    return [(process.returncode, out, error.splitlines()) for process, out, error in found]


def wait_for(file, processes):
    deadline = time.monotonic() + 120
    while not file.exists():
        assert all(process.poll() is None for process in processes), ends(processes)
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("victim", [0, 1])
def test_two_processes_train_like_two_devices_of_one_also_if_one_is_killed(victim, tmp_path, start):
    path, straight = tmp_path / "two", tmp_path / "one"
    train(EVEN, straight, devices=DeviceGroup(), show=False)
    processes = start(*EVEN_OPTIONS, "--max-steps", 60, "--out", path)
    wait_for(path / "checkpoint.safetensors", processes)
    processes[victim].kill()
    killed = time.monotonic()
    status, _, lines = ends(processes)[1 - victim]
    assert time.monotonic() - killed < 60
    who = "process 1 of 2" if victim else "process 0"
    assert (status, lines[-1]) == (
        1,
        f"neuralstack: {who} has ended or does not answer any more; what was trained up to the last evaluation is kept "
        "and can be resumed.",
    )
    assert len(lines) == 2 - (1 - victim)  # process 0 has said how many devices there are
    assert Run(path).load_checkpoint().step < 60
    (first, out, lines), second = ends(start("train", "--resume", path))
    assert (first, second) == (0, (0, "", []))
    assert out.startswith("all 60 steps were taken")
    (line,) = lines
    assert line.startswith("neuralstack: training on 2 devices of 2 processes, as many as before: the same, bit")
    assert_same_run(Run(path), Run(straight))


CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SEEDS = 3


def test_a_population_of_two_processes_is_that_of_one_also_if_one_is_killed(tmp_path, start):
    path, straight = tmp_path / "two", tmp_path / "one"
    # Its numbers do not depend on the number of cores.
    config = with_options(TINY, max_steps=90, evaluate_every=15, restart_after=40)
    expected = sweep(grid(config, seeds=SEEDS), straight, show=False)
    options = ("train", *TINY_OPTIONS, "--max-steps", 90, "--evaluate-every", 15, "--restart-after", 40)
    processes = start(*options, "--seeds", SEEDS, "--out", path)
    wait_for(path / "seed-1" / "checkpoint.safetensors", processes)  # which process 1 trains and process 0 writes
    processes[1].kill()
    status, _, lines = ends(processes)[0]
    assert (status, lines[-1].partition(" has ended")[0]) == (1, "neuralstack: process 1 of 2")
    assert not (path / "summary.csv").exists()
    (first, out, lines), second = ends(start("train", "--resume", path))
    assert (first, second) == (0, (0, "", []))
    assert f"\n0 of {SEEDS} answer every sequence" in out
    assert re.match(
        r"neuralstack: training \d runs? on .* of 2 processes, each on one: the same, bit for bit", lines[0]
    )
    for member in expected.members:
        assert_same_run(Run(path / member.name), Run(straight / member.name))
        (record,) = json.loads((path / member.name / "devices.json").read_text())[:1]
        assert record == {"step": 0, "devices": 2 * min(CORES, SEEDS), "runs": SEEDS, "cores": CORES}
    members = json.loads((path / "sweep.json").read_text())["members"]
    for one, member in zip(members, expected.members, strict=True):
        assert (one["validation"], one["restarts"]) == (member.validation, member.outcome.restarts)
    assert any(one["restarts"] for one in members)


def test_an_interrupt_of_any_process_saves_every_run_of_a_population(tmp_path, start):
    path = tmp_path / "runs"
    processes = start(*EVEN_OPTIONS, "--max-steps", 1000000, "--seeds", 2, "--out", path)
    wait_for(path / "seed-1" / "checkpoint.safetensors", processes)
    processes[1].send_signal(signal.SIGTERM)
    (first, _, lines), second = ends(processes)
    assert (first, second) == (130, (143, "", []))
    assert lines[-1] == f"neuralstack: interrupted; continue with neuralstack train --resume {path} --distributed"
    for seed in range(2):
        run = Run(path / f"seed-{seed}")
        assert run.load_checkpoint().step >= run.metrics()[-1]["step"]


def test_an_interrupt_of_any_process_saves_and_ends_all(tmp_path, start):
    path = tmp_path / "run"
    two_devices = {**os.environ, "JAX_NUM_CPU_DEVICES": "2"}
    options = (*EVEN_OPTIONS, "--max-steps", 1000000, "--out", path)
    processes = start(*options, environments=(two_devices, two_devices))
    wait_for(path / "checkpoint.safetensors", processes)
    processes[1].send_signal(signal.SIGTERM)
    (first, _, lines), second = ends(processes)
    assert (first, lines[0]) == (130, "neuralstack: training on 4 devices of 2 processes")
    assert second == (143, "", [])
    assert lines[-1].startswith(f"neuralstack: interrupted at step {Run(path).load_checkpoint().step};")


def other_versions(tmp_path):
    """Return an environment in which neuralstack seems to have another version."""
    installed = tmp_path / "other" / "neuralstack-9.9.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: neuralstack\nVersion: 9.9\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path / "other")}


def test_processes_with_different_versions_are_refused_in_one_line_each(tmp_path, start):
    both = ends(start(*EVEN_OPTIONS, "--out", tmp_path / "run", environments=(None, other_versions(tmp_path))))
    assert both[0] == both[1]
    status, out, (line,) = both[0]
    assert (status, out) == (2, "")
    assert line.startswith("neuralstack: process 1 on ")
    assert " has neuralstack 9.9, not " in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            (("--seed", 1), ("--seed", 2)),
            "2, not 1 as process 0: give all the same options.",
        ),
        (((), ("--max-length", 0)), "--max-length must be"),
    ],
    ids=["different", "wrong"],
)
def test_options_that_differ_or_are_wrong_in_one_process_end_both_in_one_line_each(tmp_path, start, own, message):
    for status, out, lines in ends(start(*EVEN_OPTIONS, "--out", tmp_path / "run", own=own)):
        assert (status, out, len(lines)) == (2, "", 1)
        assert message in lines[0]
    assert not (tmp_path / "run").exists()


def test_a_directory_that_process_0_refuses_ends_both_in_one_line_each(tmp_path, start):
    Path(tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep me")
    for status, out, lines in ends(start(*EVEN_OPTIONS, "--out", tmp_path / "run")):
        assert (status, out, len(lines)) == (2, "", 1)
        assert "exists and is not empty" in lines[0]

"""Sweeps by processes of this computer, and everything that can happen to these."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from cells import TINY, assert_as_if_alone, holders, random_kills, wait_for
from neuralstack import LocalWorkers, grid, sweep
from neuralstack.training import with_options

SPAWN = multiprocessing.get_context("spawn")


def statuses(result):
    return [member.outcome.status for member in result.members]


def test_a_worker_that_is_killed_leaves_no_trace(tmp_path):
    cells = grid(TINY, seeds=2)
    with LocalWorkers(2) as workers, random_kills(tmp_path / "runs", 1) as killed:
        result = sweep(cells, tmp_path / "runs", executor=workers, show=False)
    assert len(killed) == 1
    assert statuses(result) == ["done", "done"]
    assert_as_if_alone(cells, tmp_path / "runs", tmp_path / "alone")


@pytest.mark.slow
def test_a_pool_of_processes_that_breaks_is_replaced(tmp_path):
    cells = grid(TINY, seeds=3)
    with ProcessPoolExecutor(2, SPAWN) as pool, random_kills(tmp_path / "runs", 1) as killed:
        result = sweep(cells, tmp_path / "runs", executor=pool, show=False)
    assert len(killed) == 1
    assert statuses(result) == ["done"] * 3
    assert_as_if_alone(cells, tmp_path / "runs", tmp_path / "alone")


# A task that kills the worker that is to train on it.
DEADLY = """import multiprocessing, os, signal
from neuralstack import FunctionTask

if multiprocessing.parent_process() is not None:
    os.kill(os.getpid(), signal.SIGKILL)
last = FunctionTask(lambda source: source[-1:], alphabet="ab", train_lengths=(2, 8), test_lengths=(9, 10))
"""


@pytest.mark.slow
def test_a_cell_that_kills_every_worker_fails_in_the_end_and_the_others_do_not(tmp_path):
    (tmp_path / "deadly.py").write_text(DEADLY)
    cells = {"deadly": with_options(TINY, task=f"{tmp_path / 'deadly.py'}:last"), "other": TINY}
    with LocalWorkers(1) as workers:
        result = sweep(cells, tmp_path / "runs", executor=workers, retries=1, show=False)
    assert statuses(result) == ["failed", "done"]
    assert result.members[0].outcome.message == "its worker died 2 times, each time it ran"
    assert result.best.name == "other"


@pytest.mark.slow
def test_what_a_stopped_worker_trains_is_waited_for_and_trained_by_nobody_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEURALSTACK_PROGRESS_SECONDS", "0.5")
    cells, path = grid(TINY, seeds=3), tmp_path / "runs"
    with LocalWorkers(2) as workers, ThreadPoolExecutor(2) as sweeps, ThreadPoolExecutor(1) as threads:
        first = sweeps.submit(sweep, cells, path, executor=workers, show=False)
        name, pid = next(iter(wait_for(lambda: holders(path)).items()))
        os.kill(pid, signal.SIGSTOP)
        try:
            second = sweeps.submit(sweep, cells, path, executor=threads)
            said = []

            def is_waiting():
                said.append(capsys.readouterr().err)
                return f"waiting ({name} held by process {pid} on " in "".join(said)

            wait_for(is_waiting)
            assert not (path / name / "outcome.json").exists()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert statuses(first.result()) == statuses(second.result()) == ["done"] * 3
    assert_as_if_alone(cells, path, tmp_path / "alone")


@pytest.mark.slow
def test_two_sweeps_share_the_work_in_one_directory(tmp_path):
    cells, path = grid(TINY, seeds=4), tmp_path / "runs"
    with LocalWorkers(1) as some, LocalWorkers(1) as others, ThreadPoolExecutor(2) as sweeps:
        both = [sweeps.submit(sweep, cells, path, executor=workers, show=False) for workers in (some, others)]
        first, second = (future.result() for future in both)
    assert first == second
    assert statuses(first) == ["done"] * 4
    assert_as_if_alone(cells, path, tmp_path / "alone")


@pytest.fixture
def small_disk(tmp_path):
    """A directory where little can be written, and a function that ends this."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=140k", "tmpfs", disk], capture_output=True).returncode == 0:
        yield disk, lambda: subprocess.run(["mount", "-o", "remount,size=9m", disk], check=True)
        subprocess.run(["umount", "-l", disk], check=True)
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield disk, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.slow
def test_a_full_disk_fails_what_it_stops_and_the_same_call_goes_on_with_more_room(tmp_path, small_disk, capsys):
    disk, enlarge = small_disk
    cells = grid(TINY, seeds=3)
    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(OSError, match=r"No space left|File too large"):  # nor is there room for the summary
            sweep(cells, disk / "runs", executor=threads)
        assert "neuralstack: seed-2 failed: OSError: [Errno " in capsys.readouterr().err
        assert not [*disk.rglob("*.partial")]
        enlarge()
        assert statuses(sweep(cells, disk / "runs", executor=threads, show=False)) == ["done"] * 3
    assert_as_if_alone(cells, disk / "runs", tmp_path / "alone")


def test_a_cell_that_fails_on_its_own_is_reported_and_tried_again_by_the_next_call(tmp_path, capsys):
    cells, path = grid(with_options(TINY, max_steps=10), seeds=2), tmp_path / "runs"
    (path / "seed-1").mkdir(parents=True)
    (path / "seed-1" / "checkpoint.safetensors").mkdir()  # where a file should be
    with ThreadPoolExecutor(1) as threads:
        result = sweep(cells, path, executor=threads)
        assert statuses(result) == ["done", "failed"]
        assert f"neuralstack: seed-1 failed: {result.members[1].outcome.message}\n" in capsys.readouterr().err
        rows = json.loads((path / "summary.json").read_text())["rows"]
        assert rows[1]["message"] == result.members[1].outcome.message
        (path / "seed-1" / "checkpoint.safetensors").rmdir()
        (path / "seed-1").rmdir()
        assert statuses(sweep(cells, path, executor=threads, show=False)) == ["done", "done"]


def test_a_worker_of_another_version_trains_nothing(tmp_path):
    from neuralstack.training import guarded

    task = {"name": "seed-0", "path": str(tmp_path), "call": "1", "version": "9.9", "retries": 1}
    answer = guarded(task, lambda progress, stop: pytest.fail("it worked"))
    assert answer["status"] == "failed"
    assert answer["message"].endswith("the sweep was started by 9.9: install the same version.")


@pytest.mark.parametrize("count", [0, 5000])
def test_a_number_of_workers_without_sense_is_refused(count):
    with pytest.raises(ValueError, match=f"count must be at least 1 and at most 1024, got {count}"):
        LocalWorkers(count)

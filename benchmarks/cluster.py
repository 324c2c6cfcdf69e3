"""Many trainings through a Dask cluster on this computer: whether kills leave a trace, the speed-up, and the overhead.

Three questions, each with cells of the same small configuration:

- kills: all cells through four workers, some of which are killed at random. All must end, each bit for bit as if it had
  been trained alone.
- speed-up: the time of the same cells through two workers, each on a core of its own, and through one, in rounds that
  take turns; medians, without the first round, which compiles.
- overhead: the time for each cell of a sweep whose cells do nothing, through one worker: what the scheduler and the
  locks take.

`--out DIR` also writes `cluster.json`.
"""

import argparse
import json
import logging
import os
import platform
import random
import signal
import statistics
import tempfile
import threading
import time
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import distributed
from rich.console import Console

from neuralstack import configure, grid, sweep, train
from neuralstack.reporting import Table
from neuralstack.training import Answer, Config, Dispatcher, Run, guarded, new_call

FILES = ("checkpoint.safetensors", "model.safetensors")
COLUMNS = ("question", "measured", "value")
SAY = Console(stderr=True).print


@contextmanager
def workers(count: int):
    """Start a scheduler and single-threaded workers, and yield the workers as an executor.

    Each worker keeps to a core, as the schedulers of clusters see to it: the time with one worker is that of one core.
    """
    settings = {
        "n_workers": count,
        "threads_per_worker": 1,
        "dashboard_address": ":0",
        "silence_logs": logging.CRITICAL,
    }
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        for number, worker in enumerate(client.scheduler_info(n_workers=-1)["workers"]):
            client.run(keep_to_core, number, workers=[worker])
        yield client.get_executor()


def keep_to_core(number: int) -> None:
    """Let this process compute on one core only, before JAX counts those that it has."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def seconds_of(cells: dict[str, Config], path: Path, executor: Executor) -> float:
    """Return the time that a sweep takes; all cells must end."""
    started = time.perf_counter()
    result = sweep(cells, path, executor=executor, show=False)
    seconds = time.perf_counter() - started
    failed = [member for member in result.members if member.outcome.status == "failed"]
    assert not failed, failed
    return seconds


def holders(path: Path) -> list[int]:
    """Return the processes that are in the middle of training a cell."""
    found = []
    for file in path.glob("workers/*"):
        with suppress(OSError, ValueError):
            record = json.loads(file.read_text())
            if "step" in record:
                found.append(record["pid"])
    return found


def measure_kills(cells: dict[str, Config], base: Path, count: int) -> list[tuple]:
    """Train all cells through four workers while some of these are killed, and compare each with the cell alone."""
    path, killed, ended, drawn = base / "killed", [], threading.Event(), random.Random(0)

    def kill() -> None:
        while len(killed) < count and not ended.wait(drawn.uniform(0.1, 1.0)):
            pids = [pid for pid in holders(path) if pid not in killed]
            if pids:
                pid = drawn.choice(pids)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        with workers(4) as executor:
            seconds = seconds_of(cells, path, executor)
    finally:
        ended.set()
        thread.join()
    same = 0
    for name, config in cells.items():
        train(config, base / "alone" / name, show=False)
        run, alone = Run(path / name), Run(base / "alone" / name)
        same += all(run.file(file).read_bytes() == alone.file(file).read_bytes() for file in FILES)
    return [
        ("kills", "workers killed", len(killed)),
        ("kills", "cells that ended", f"{len(cells)} of {len(cells)}"),
        ("kills", "cells as if alone, bit for bit", f"{same} of {len(cells)}"),
        ("kills", "seconds", f"{seconds:.1f}"),
    ]


def measure_speed(cells: dict[str, Config], base: Path, rounds: int) -> list[tuple]:
    """Return the times of the cells through one worker and through two."""
    times: dict[int, list[float]] = {1: [], 2: []}
    with workers(1) as one, workers(2) as two:
        for number in range(rounds + 1):  # the first one compiles
            for count, executor in ((1, one), (2, two)):
                seconds = seconds_of(cells, base / f"speed-{count}-{number}", executor)
                if number:
                    times[count].append(seconds)
                SAY(f"round {number}, {count} workers: {seconds:.1f} s")
        overhead = statistics.median(seconds_of_nothing(len(cells), base / "nothing", one) for _ in range(rounds))
    one_worker, two_workers = statistics.median(times[1]), statistics.median(times[2])
    return [
        ("speed-up", "seconds with one worker, median", f"{one_worker:.1f}"),
        ("speed-up", "seconds with two workers, median", f"{two_workers:.1f}"),
        ("speed-up", "ratio", f"{one_worker / two_workers:.2f}"),
        ("overhead", "ms a cell", f"{1e3 * overhead / len(cells):.1f}"),
        ("overhead", "share of the time with one worker", f"{100 * overhead / one_worker:.1f}%"),
    ]


def nothing(task: dict[str, Any]) -> Answer:
    """Do nothing under the lock of a cell."""
    return guarded(task, lambda progress, stop: {"status": "done", "message": ""})


def seconds_of_nothing(count: int, path: Path, executor: Executor) -> float:
    """Return the time of cells that do nothing."""
    common = {"path": str(path), "call": new_call(), "retries": 0, "version": version("neuralstack")}
    tasks = {f"cell-{number}": {"name": f"cell-{number}", **common} for number in range(count)}
    started = time.perf_counter()
    Dispatcher(nothing, tasks, executor, retries=0).run(lambda answers, waiting: None)
    return time.perf_counter() - started


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=40, help="number of cells (40)")
    parser.add_argument("--kills", type=int, default=10, help="number of workers killed (10)")
    parser.add_argument("--steps", type=int, default=300, help="steps of each cell (300)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken (5)")
    parser.add_argument("--out", type=Path, help="a directory for the result")
    arguments = parser.parse_args()
    config = configure(
        "reversal", max_length=8, hidden_dim=32, memory_dim=32, max_steps=arguments.steps, stop_after_perfect=0
    )
    cells = grid(config, seeds=arguments.cells)
    with tempfile.TemporaryDirectory() as base:
        rows = measure_kills(cells, Path(base), arguments.kills) + measure_speed(cells, Path(base), arguments.rounds)
    title = f"{arguments.cells} trainings of {arguments.steps} steps through Dask, on {os.cpu_count()} cores"
    print(Table(title, COLUMNS, rows, 2))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        options = " ".join(f"--{name} {getattr(arguments, name)}" for name in ("cells", "kills", "steps", "rounds"))
        result = {
            "command": f"python benchmarks/cluster.py {options} --out docs/results",
            "versions": {name: version(name) for name in ("neuralstack", "jax", "distributed")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} cores",
            "tables": [{"title": title, "columns": COLUMNS, "rows": rows}],
        }
        (arguments.out / "cluster.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Cells of a sweep that train within a second, and what can happen to the processes that train them."""

import json
import os
import random
import signal
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from neuralstack import train
from neuralstack.training import Run, with_options
from small import OPTIONS, SMALL, assert_same_run

TINY = with_options(SMALL, batch_size=4, hidden_dim=8, memory_dim=8, max_steps=40, evaluate_every=10)
# The same configuration on the command line.
TINY_OPTIONS = [
    *OPTIONS[1:], "--batch-size", "4", "--hidden-dim", "8", "--memory-dim", "8", "--max-steps", "40",
    "--evaluate-every", "10",
]  # fmt: skip


def wait_for(condition, seconds=300):
    """Wait until a function returns something, and return that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds} s in vain")


def holders(path):
    """The process that trains each cell, and the step it has come to, by the cell's name."""
    found = {}
    for file in Path(path, "workers").glob("*"):
        with suppress(OSError, ValueError):
            record = json.loads(file.read_text())
            if "step" in record:  # it is in the middle of training
                found[file.name] = record["pid"]
    return found


@contextmanager
def random_kills(path, count):
    """Kill processes while they train cells, and yield the list of those that were killed."""
    drawn, killed, ended = random.Random(count), [], threading.Event()

    def kill():
        while len(killed) < count and not ended.wait(drawn.uniform(0.001, 0.05)):
            pids = [pid for pid in holders(path).values() if pid not in (os.getpid(), *killed)]
            if pids:
                pid = drawn.choice(pids)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


def assert_as_if_alone(cells, path, alone):
    """Assert that each run of a sweep is, bit for bit, the run that its configuration gives alone."""
    for name, config in cells.items():
        train(config, alone / name, show=False)
        assert_same_run(Run(path / name), Run(alone / name))

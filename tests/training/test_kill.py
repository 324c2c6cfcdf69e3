"""A kill at any moment: first each write in turn, in this process, then real processes at random moments."""

import os
import random
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.numpy

from neuralstack import complete, train
from neuralstack.training import Run, with_options
from small import OPTIONS, SMALL, assert_same_run, command

pytest_plugins = ("small_runs",)

SHORT = with_options(SMALL, max_steps=4, evaluate_every=2, restart_after=3)
FILES = ("config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors")


class Killed(BaseException):
    """Represents the end of the process."""


class Disk:
    """Records what happens to a run's files, and ends the process at a given event.

    It stands between Python and the operating system: no process can be killed for real at a certain write.
    """

    def __init__(self, monkeypatch, path, last=None):
        self.events, self.last, self.path, self.names = [], last, path, {}
        self.calls = {name: getattr(os, name) for name in ("open", "fdopen", "replace")}
        for name in self.calls:
            monkeypatch.setattr(os, name, getattr(self, name))

    def happens(self, event):
        self.events.append(event)
        if len(self.events) - 1 == self.last:
            raise Killed

    def replace(self, source, target):
        self.calls["replace"](source, target)
        if Path(target).parent == self.path:
            self.happens(f"replaced {os.path.basename(target)}")

    def open(self, path, *arguments, **options):
        descriptor = self.calls["open"](path, *arguments, **options)
        self.names.pop(descriptor, None)
        if Path(os.fsdecode(path)).parent == self.path:
            self.names[descriptor] = os.path.basename(path)
        return descriptor

    def fdopen(self, descriptor, *arguments, **options):
        """Open a file of which only the first half is written if the process ends meanwhile."""
        file = self.calls["fdopen"](descriptor, *arguments, **options)
        return self.cut_short(descriptor, file) if descriptor in self.names else file

    @contextmanager
    def cut_short(self, descriptor, file):
        with file:

            def write(content):
                try:
                    self.happens(f"writing {self.names[descriptor]}")
                except Killed:
                    file.write(content[: len(content) // 2])
                    raise
                file.write(content)

            yield SimpleNamespace(write=write, flush=file.flush, fileno=file.fileno)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """An uninterrupted run, and everything that reached the disk during it."""
    path = tmp_path_factory.mktemp("short") / "run"
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, path)
        train(SHORT, path, show=False)
    return Run(path), disk.events


def test_every_file_but_the_metrics_is_written_beside_its_place_and_put_there_whole(short):
    writing = {event.removeprefix("writing ") for event in short[1] if event.startswith("writing")}
    replaced = {event.removeprefix("replaced ") for event in short[1] if event.startswith("replaced")}
    assert replaced == set(FILES)
    assert writing == {f"{name}.partial" for name in FILES} | {"metrics.jsonl"}


@pytest.mark.slow
def test_a_kill_at_any_write_loses_nothing_that_was_checkpointed(tmp_path, short, monkeypatch):
    straight, events = short
    for last, event in enumerate(events):
        path = tmp_path / str(last)
        with monkeypatch.context() as patch:
            Disk(patch, path, last)
            with pytest.raises(Killed):
                train(SHORT, path, show=False)
        checkpointed = min(2 * events[: last + 1].count("replaced checkpoint.safetensors"), SHORT.max_steps)
        assert_everything_loads(Run(path), checkpointed, f"killed at {event}")
        assert train(SHORT, path, resume=True, show=False).steps == SHORT.max_steps
        assert_same_run(Run(path), straight)


def assert_everything_loads(run, checkpointed, message):
    """Check that every file under its final name is complete, and that the checkpoint is the last one written."""
    if not run.file("config.json").exists():
        assert checkpointed == 0, message
        return
    assert run.config() == complete(SHORT), message
    if run.file("model.safetensors").exists() or checkpointed:
        run.load_model()
    assert run.load_checkpoint().step == checkpointed, message
    assert [record["step"] for record in run.metrics()] == list(range(2, checkpointed + 1, 2)), message


def test_what_a_kill_left_half_written_does_no_harm(tmp_path, short):
    path = tmp_path / "run"
    path.mkdir()
    for name in FILES:
        (path / f"{name}.partial").write_bytes(b"\x07 half")
    train(SHORT, path, show=False)
    assert_same_run(Run(path), short[0])
    assert not list(path.glob("*.partial"))


LONG = with_options(SMALL, evaluate_every=5, restart_after=12, stop_after_perfect=0)
# More steps than any process here lives to take.
LONG_OPTIONS = [
    *OPTIONS,
    "--max-steps",
    1000000,
    "--evaluate-every",
    5,
    "--restart-after",
    12,
    "--stop-after-perfect",
    0,
]


def step_of(file):
    """The step of a checkpoint; 0 if there is none yet."""
    return int(safetensors.numpy.load(file.read_bytes())["step"]) if file.exists() else 0


@pytest.fixture
def start():
    """Start training in a separate process, and wait until it has written a checkpoint past a step."""
    processes = []

    def start(path, past):
        options = ("train", "--resume", path) if path.exists() else (*LONG_OPTIONS, "--out", path)
        process = subprocess.Popen(
            command(*options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        deadline = time.monotonic() + 120
        while step_of(path / "checkpoint.safetensors") <= past:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_ends_like_one_that_never_was(tmp_path, start):
    moments, run, reached = random.Random(0), Run(tmp_path / "killed"), 0
    for _ in range(2):
        process = start(run.path, reached)
        time.sleep(moments.uniform(0, 0.15))
        reached = step_of(run.file("checkpoint.safetensors"))
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert run.load_checkpoint().step >= reached > 0
        run.load_model()
    config = with_options(LONG, max_steps=step_of(run.file("checkpoint.safetensors")) + 10)
    assert train(config, run.path, resume=True, show=False).status == "done"
    train(config, tmp_path / "straight", show=False)
    assert_same_run(run, Run(tmp_path / "straight"))


@pytest.mark.slow
def test_a_process_that_gets_ctrl_c_finishes_its_step_and_says_how_to_resume(tmp_path, start):
    process = start(tmp_path / "run", 0)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    step = Run(tmp_path / "run").load_checkpoint().step
    assert process.returncode == 130
    assert out == ""
    (line,) = [line for line in error.splitlines() if not line.startswith("restart")]
    assert line.startswith(f"neuralstack: interrupted at step {step}")
    assert line.endswith(f"continue with neuralstack train --resume {tmp_path / 'run'}")

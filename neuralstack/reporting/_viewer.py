"""Runs to look at: the machine of a run as it was before training, as it is, and hardened; and their traces."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from neuralstack.automata import StackTransducer
from neuralstack.discretization import harden
from neuralstack.machine import Machine
from neuralstack.reporting._trace import trace
from neuralstack.tasks import AbstractTask
from neuralstack.training import Run, begin, build_task

VERSIONS = {"untrained": "before training", "soft": "", "hard": "hardened"}


class Shown(NamedTuple):
    """A machine to be traced, and what it is called."""

    machine: Machine
    name: str
    about: str
    program: StackTransducer | None


class Viewer(NamedTuple):
    """Machines of one task, side by side."""

    task: AbstractTask
    task_name: str
    machines: tuple[Shown, ...]

    @classmethod
    def of(cls, runs: Sequence[Path], versions: Sequence[str]) -> "Viewer":
        """Load the versions of some runs.

        Raises:
            ValueError: If a run cannot be read, a machine not be hardened, or the runs have different tasks.
        """
        opened = [Run.open(path) for path in runs]
        tasks = [build_task(run.config()) for run in opened]
        if len({(type(task), task.vocab_size) for task in tasks}) > 1:
            raise ValueError("runs side by side must be of one task: give runs of the same task.")
        pairs = [*zip(opened, tasks, strict=True)]
        machines = [version_of(run, task, version) for run, task in pairs for version in versions]
        return cls(tasks[0], opened[0].config().task, tuple(machines))

    def traces(self, text: str) -> list[dict[str, Any]]:
        """Trace each machine on a text.

        Raises:
            ValueError: If the text is not one of the task's or too long, or a memory has nothing to show.
        """
        traces = [
            trace(one.machine, self.task, text, name=one.name, about=one.about, program=one.program)
            for one in self.machines
        ]
        return [one | {"task": self.task_name} for one in traces]


def version_of(run: Run, task: AbstractTask, version: str) -> Shown:
    """Load a version of a run's machine."""
    config = run.config()
    machine = begin(config).machine if version == "untrained" else run.load_model()
    if version == "hard":
        machine = harden(machine, task)
    program = None
    if version == "hard" and run.file("program.json").exists():
        program = StackTransducer.load(run.file("program.json"))
    name = f"{run.path}, {VERSIONS[version]}" if VERSIONS[version] else str(run.path)
    return Shown(machine, name, f"{config.controller} + {config.memory}, {config.connection}", program)

"""Machines of runs side by side: before training, as trained, and hardened; and their traces."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

from neuralstack.automata import StackTransducer
from neuralstack.discretization import harden
from neuralstack.machine import Machine
from neuralstack.reporting._edit import Edit
from neuralstack.reporting._notebook import Page, Trace
from neuralstack.reporting._page import page
from neuralstack.reporting._trace import trace
from neuralstack.tasks import AbstractTask
from neuralstack.training import OwnParts, Run, own_of_each, require_machine, untrained_machine

VERSIONS = {"untrained": "before training", "soft": "", "hard": "hardened"}


class NamedMachine(NamedTuple):
    """A machine to be traced, with its name and a one-line description."""

    machine: Machine
    name: str
    about: str
    program: StackTransducer | None


class Viewer(NamedTuple):
    """Machines of one task, side by side."""

    task: AbstractTask
    task_name: str
    machines: tuple[NamedMachine, ...]

    def __repr__(self) -> str:
        return f"Viewer({self.task_name}: {'; '.join(machine.name for machine in self.machines)})"

    @classmethod
    def from_runs(
        cls, runs: Sequence[str | Path], versions: Sequence[str] = ("soft",), **own: Unpack[OwnParts]
    ) -> "Viewer":
        """Load machines from runs.

        Args:
            runs: The directories of runs of one task.
            versions: Versions of each machine: `untrained`, `soft` (as trained) or `hard`. Defaults to `soft`.
            own: The names of the `task`, `memory` and `controller`, if they are not the library's; their code is
                executed. They are for those runs that have such parts.

        Raises:
            ValueError: If a run cannot be read, a machine cannot be hardened, or the runs have different tasks.
        """
        opened = [Run.open(Path(path)) for path in runs]
        named = own_of_each([run.recorded()[0] for run in opened], own)
        tasks = [run.usable_task(**names) for run, names in zip(opened, named, strict=True)]
        if len({(type(task), task.vocab_size) for task in tasks}) > 1:
            raise ValueError("runs side by side must be of one task: give runs of the same task.")
        parts = [*zip(opened, tasks, named, strict=True)]
        machines = [load_version(run, built, version, names) for run, built, names in parts for version in versions]
        return cls(tasks[0], opened[0].recorded()[0].task, tuple(machines))

    def traces(self, text: str, edit: Mapping[int, Edit] | None = None) -> list[Trace]:
        """Trace each machine on a text; with edits of some steps, once without and once with them.

        Raises:
            ValueError: If the text is not one of the task's or too long, a memory has no elements to show, or an edit
                does not fit.
        """
        cases = [("", None)] if edit is None else [("", None), (", edited", edit)]
        traces = [
            trace(machine, self.task, text, edit=edits, name=name + suffix, about=about, program=program)
            for machine, name, about, program in self.machines
            for suffix, edits in cases
        ]
        return [Trace(traced | {"task": self.task_name}) for traced in traces]

    def page(self, *texts: str) -> Page:
        """Return the page of the traces of all machines on some texts, which a notebook shows.

        Raises:
            ValueError: If a text cannot be traced.
        """
        return page([traced for text in texts for traced in self.traces(text)])


def load_version(run: Run, task: AbstractTask, version: str, own: OwnParts | None = None) -> NamedMachine:
    """Load a version of a run's machine."""
    own, parts = own or {}, run.recorded()[0].machine
    if version == "untrained":
        model = untrained_machine(run.config(**own))
    else:
        model = run.load_model(memory=own.get("memory"), controller=own.get("controller"))
    machine = require_machine(model, run.path)
    if version == "hard":
        machine = harden(machine, task)
    program = None
    if version == "hard" and run.file("program.json").exists():
        program = StackTransducer.load(run.file("program.json"))
    name = f"{run.path}, {VERSIONS[version]}" if VERSIONS[version] else str(run.path)
    return NamedMachine(machine, name, f"{parts.controller} + {parts.memory}, {parts.connection}", program)

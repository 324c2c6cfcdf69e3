"""An entry of the zoo: the directory of a network, its program, and a card that says what is known about them.

A program runs without JAX, which is only loaded for networks and tasks.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuralstack._files import read_bounded, write_whole
from neuralstack._html import html_table
from neuralstack._json import parse_json, to_json_text
from neuralstack.automata import StackTransducer

if TYPE_CHECKING:
    from neuralstack.machine import Machine
    from neuralstack.tasks import AbstractTask

PROGRAM, CARD = "program.json", "card.json"


@dataclass(frozen=True)
class Entry:
    """A network that learned a task, the program that was found in it, and the task itself.

    Each part is read when it is first used.

    Examples:
        >>> import neuralstack as ns
        >>> entry = ns.zoo.load("parity")
        >>> len(entry.program.states), entry.program.answer([1, 0, 1, 1])
        (2, [1])
        >>> ns.predict(entry.machine, "1011", entry.task).text
        '1'
        >>> entry.card["verification"]["verdict"]
        'proved'
    """

    name: str
    """The name of its task."""
    path: Path
    """Its directory."""

    @cached_property
    def machine(self) -> "Machine":
        """The network, hardened."""
        from neuralstack.training import load

        return load(self.path)

    @cached_property
    def program(self) -> StackTransducer:
        """The program that the network runs."""
        return StackTransducer.load(self.path / PROGRAM)

    @cached_property
    def task(self) -> "AbstractTask":
        """The task, whose `answer` is right by definition."""
        from neuralstack.tasks import TASKS

        return TASKS[self.name]()

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """The record of the entry: its training, what was checked, what was proved, and what the proof assumes.

        It has the `command` and the `seed` that train it, the `failed_seeds` before that one, the training's `steps`
        and `restarts`, the sizes of `network` and `program`, the `agreement` of the two on random sequences, and the
        `verification` of the program (see `ns.verification.Verification.record`).
        """
        return parse_json(read_bounded(self.path / CARD))

    def __repr__(self) -> str:
        return f"Entry({self.name!r}, {self.program!r})"

    def _repr_html_(self) -> str:
        rows = [(name, to_json_text(of)) for name, of in self.card.items()]
        return html_table(("card", ""), rows, self.name) + self.program._repr_html_()


def save_entry(path: str | Path, machine: "Machine", program: StackTransducer, card: Mapping[str, Any]) -> None:
    """Write an entry in a directory, whose card is written last.

    Args:
        path: The directory. An entry that it holds is replaced.
        machine: The hardened network.
        program: Its program.
        card: Plain data about both.
    """
    from neuralstack.training import save

    path = Path(path)
    shutil.rmtree(path, ignore_errors=True)
    save(path, machine)
    write_whole(path / PROGRAM, program.to_json())
    write_whole(path / CARD, to_json_text(dict(card), indent=1) + "\n")

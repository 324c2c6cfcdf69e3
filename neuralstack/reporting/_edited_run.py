"""A machine's run on one text with edits of some of its steps."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from neuralstack.machine import Machine, MachineState
from neuralstack.reporting._edit import Edit, FromText, replaced
from neuralstack.reporting._edit_words import difference_in_words
from neuralstack.reporting._past import Past, empty_actions, left_by, stacked, unstacked
from neuralstack.reporting._plain_run import MOST_STEPS, Run, Stretch, require_short
from neuralstack.reporting._walk import Moment, Revision, answer_of, most_steps, walk
from neuralstack.tasks import AbstractTask

CONTROLLERS = {"state": "controller", "readout": "readout"}
"""For each part of an edit that is a state, its name in the machine's state."""


def edited_run(
    machine: Machine,
    task: AbstractTask,
    source: list[int],
    edits: Mapping[int, Edit],
    label_of: Callable[[int], str],
) -> Run:
    """Return the run of a machine on a source, with edits of some of its steps.

    Args:
        machine: The machine.
        task: Its task.
        source: The source.
        edits: The edits, by their steps.
        label_of: Function from a token to a short text.

    Raises:
        ValueError: If a step is not reached, or what an edit gives does not fit.
    """
    editor = Editor(machine, task, edits, label_of, room_for(task, source, edits))
    logits, tokens = [], []
    for moment in walk(machine, task, source, editor.room, editor.change):
        editor.past.add(label_of(moment.token), moment.action, moment.strengths)
        logits.append(moment.logits)
        tokens.append(moment.token)
    if (last := max(edits)) >= len(tokens):
        raise ValueError(
            f"edit[{last}] is beyond the last step: the machine takes {len(tokens)} steps on this text, so give steps "
            f"in 0..{len(tokens) - 1}."
        )
    editor.leave_stretch()
    return Run(tokens, answer_of(task, source, np.stack(logits)), np.stack(logits), editor.stretches, editor.changes)


def room_for(task: AbstractTask, source: list[int], edits: Mapping[int, Edit]) -> int:
    """Return the number of actions that a memory needs room for, a power of two: few sizes need few compilations."""
    most = 0
    for step, edit in edits.items():
        if isinstance(edit.memory, FromText):
            most = max(most, edit.memory.at(step))
        elif edit.memory is not None and not callable(edit.memory) and not isinstance(edit.memory, Mapping):
            most = max([most, *(len(leaf) for leaf in jax.tree.leaves(edit.memory) if np.ndim(leaf))])
    if most > MOST_STEPS:
        raise ValueError(f"a memory may be filled by at most {MOST_STEPS} actions, got {most}.")
    return 1 << (most + most_steps(task, source) - 1).bit_length()


class Editor:
    """Edits of the steps of a machine while it answers one source, and what the memory holds then.

    Args:
        machine: The machine.
        task: Its task.
        edits: The edits, by their steps.
        label_of: Function from a token to a short text.
        room: Number of actions that the memory has room for.
    """

    def __init__(
        self, machine: Machine, task: AbstractTask, edits: Mapping[int, Edit], label_of: Callable[[int], str], room: int
    ):
        self.machine, self.task, self.edits, self.label_of, self.room = machine, task, edits, label_of, room
        self.past, self.stretches = Past(), list[Stretch]()
        self.changes: list[dict[str, Any]] = []
        self._others: dict[str, list[Moment]] = {}

    def change(self, time: int, state: MachineState) -> tuple[MachineState, Revision | None]:
        """Return the state that a step begins with, and a function to its action if that is edited."""
        given = self.edits[time].parts() if time in self.edits else {}
        for part, name in CONTROLLERS.items():
            if part in given:
                state = state._replace(**{name: self.part(time, part, given[part], getattr(state, name))})
        if "memory" in given:
            left = left_by(self.machine, self.contents(time, given["memory"]), self.room)
            state = state._replace(memory=left.memory, read=left.read)
        if "action" not in given:
            return state, None
        return state, lambda action: self.checked(time, "action", self.part(time, "action", given["action"], action))

    def part(self, time: int, part: str, given: Any, there: Any) -> Any:
        """Return a state of a controller, or an action, with what an edit gives in place of its own."""
        origin = ""
        if isinstance(given, FromText):
            moment, origin = self.moments(time, part, given, 1)[-1], f"{source_in_words(time, given)}: "
            given = moment.action if part == "action" else getattr(moment.before, CONTROLLERS[part])
        new = replaced(place(time, part), there, given)
        self.note(time, part, origin + difference_in_words(there, new))
        return new

    def contents(self, time: int, given: Any) -> Any:
        """Return the actions that leave what the memory is to hold, with which another stretch begins."""
        past = self.past
        there = stacked(past.actions) if past.actions else empty_actions(self.machine)
        if isinstance(given, FromText):
            moments, change = self.moments(time, "memory", given, 0), source_in_words(time, given)
            new = stacked([moment.action for moment in moments]) if moments else empty_actions(self.machine)
            labels = [self.label_of(moment.token) for moment in moments]
        elif callable(given) or isinstance(given, Mapping):
            new = self.checked(time, "memory", replaced(place(time, "memory"), there, given), steps=True)
            labels, change = past.labels, f"after other actions: {difference_in_words(there, new)}"
        else:
            new = self.checked(time, "memory", given, steps=True)
            labels = [""] * len(jax.tree.leaves(new)[0])
            change = f"what is left by {len(labels)} given actions"
        self.note(time, "memory", change)
        self.leave_stretch()
        self.past = Past(time, labels, unstacked(new))
        return new

    def moments(self, time: int, part: str, given: FromText, more: int) -> list[Moment]:
        """Return the steps of the run on another text before the given one, and a few more.

        Raises:
            ValueError: If it has not so many.
        """
        if given.text not in self._others:
            source = self.task.encode(given.text)
            require_short(self.task, source)
            self._others[given.text] = [*walk(self.machine, self.task, source, room_for(self.task, source, {}))]
        steps, needed = self._others[given.text], given.at(time) + more
        if needed > len(steps):
            raise ValueError(
                f"{place(time, part)} is taken from step {given.at(time)} of {given.text!r}, on which the machine "
                f"takes {len(steps)} steps: give a step in 0..{len(steps) - more}."
            )
        return steps[:needed]

    def checked(self, time: int, part: str, action: Any, *, steps: bool = False) -> Any:
        """Return an action, or those of several steps, as arrays.

        Raises:
            ValueError: If the memory does not take it.
        """
        try:
            return self.machine.memory.check(action, steps=steps)
        except (TypeError, ValueError) as problem:
            raise ValueError(f"{place(time, part)} does not fit: {problem}") from None

    def leave_stretch(self) -> None:
        """Keep the steps since the memory was last edited, if there are any."""
        if self.past.strengths:
            self.stretches.append(self.past.stretch(self.room))

    def note(self, time: int, part: str, change: str) -> None:
        """Record an edit in words."""
        self.changes.append({"step": time, "part": part, "change": change})


def place(time: int, part: str) -> str:
    """Return the place of an edit, for errors: its step as pages number it, from 1, and as an edit does, from 0."""
    return f"at step {time + 1}, edit[{time}].{part}"


def source_in_words(time: int, given: FromText) -> str:
    """Return where a part is taken from."""
    return f"as at step {given.at(time) + 1} of {given.text!r}"

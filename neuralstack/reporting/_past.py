"""The actions that have left what a memory holds: its contents, in a form that every memory has."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from neuralstack.machine import Machine, MachineState
from neuralstack.reporting._plain_run import Stretch


class Past:
    """The actions on a memory since it was empty: those of an edit, then those of the steps from `first` on.

    Args:
        first: The first step.
        labels: For each action of the edit, the symbol that names what it pushed, or an empty text.
        actions: The actions of the edit.
    """

    def __init__(self, first: int = 0, labels: Sequence[str] = (), actions: Sequence[Any] = ()):
        self.first, self.before = first, len(actions)
        self.labels, self.actions = [*labels], [*actions]
        self.strengths: list[np.ndarray] = []  # after the steps

    def add(self, label: str, action: Any, strengths: np.ndarray) -> None:
        """Add a step."""
        self.labels.append(label)
        self.actions.append(action)
        self.strengths.append(strengths)

    def stretch(self, room: int) -> Stretch:
        """Return the steps, at least one, in arrays with a row for each action that the memory has room for."""
        (cells,) = self.strengths[0].shape
        before = np.zeros((self.before, cells), self.strengths[0].dtype)  # of no meaning
        strengths = with_rows(np.concatenate([before, np.stack(self.strengths)]), room)
        actions = jax.tree.map(lambda leaf: with_rows(leaf, room), stacked(self.actions))
        return Stretch(self.first, self.labels[: self.before], actions, strengths)


def empty_actions(machine: Machine) -> Any:
    """Return no actions: arrays of their shapes, with a leading axis of size 0."""
    raw = jax.ShapeDtypeStruct((machine.memory.action_size,), machine.embedding.dtype)
    one = jax.eval_shape(machine.memory.decode, raw)
    return jax.tree.map(lambda leaf: np.zeros((0, *leaf.shape), leaf.dtype), one)


def stacked(actions: Sequence[Any]) -> Any:
    """Return actions, at least one, as one with a leading axis."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *actions)


def unstacked(actions: Any) -> list[Any]:
    """Return the actions along a leading axis."""
    leaves, form = jax.tree.flatten(jax.tree.map(np.asarray, actions))
    return [jax.tree.unflatten(form, [leaf[row] for leaf in leaves]) for row in range(len(leaves[0]))]


def with_rows(array: np.ndarray, rows: int) -> np.ndarray:
    """Return an array with zeros after its last row, up to a number of rows."""
    return np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)])


def left_by(machine: Machine, actions: Any, room: int) -> MachineState:
    """Return the first state of a machine, but with the memory that actions leave, and what is read after the last."""
    count = len(jax.tree.leaves(actions)[0])
    kinds = empty_actions(machine)
    padded = jax.tree.map(lambda leaf, kind: with_rows(np.asarray(leaf, kind.dtype), room), actions, kinds)
    start = machine.init(room)
    memory, read = _applied(machine.memory, (start.memory, start.read), padded, count)
    return start._replace(memory=memory, read=read)


@jax.jit
def _applied(memory, start, actions, count):
    def apply(time, carry):
        return memory.step(carry[0], jax.tree.map(lambda leaf: leaf[time], actions))

    return jax.lax.fori_loop(0, count, apply, start)

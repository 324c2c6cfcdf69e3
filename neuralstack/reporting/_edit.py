"""Edits of a step of a machine: interventions on its controller's state, on its memory, and on its action."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import jax
import jax.numpy as jnp

from neuralstack._arguments import describe_object, require_object


@dataclass(frozen=True)
class FromText:
    """Whatever the machine has in the same place while it answers another text, without edits.

    Args:
        text: The other text.
        step: The step of that text, from 0. Defaults to the step that is edited.

    Examples:
        >>> import neuralstack as ns
        >>> ns.Edit(memory=ns.FromText("abba", step=3))  # the memory that step 3 of another text begins with
        Edit(memory=FromText(text='abba', step=3))
    """

    text: str
    step: int | None = None

    def __post_init__(self):
        if not isinstance(self.text, str):
            raise TypeError(f"FromText needs a text, got {describe_object(self.text)}.")
        if self.step is not None and (isinstance(self.step, bool) or not isinstance(self.step, int) or self.step < 0):
            raise ValueError(f"FromText needs a step of the other text, a whole number from 0, got {self.step!r}.")

    def at(self, step: int) -> int:
        """Return the step of the other text, given the one that is edited."""
        return step if self.step is None else self.step


@dataclass(frozen=True, repr=False)
class Edit:
    """An intervention on one step of a machine: on what the step begins with, or on its action.

    Each part is left alone if it is None. It is replaced by a value of the same structure and shapes, or in some of its
    places: a mapping such as `{"push": 0}` names fields, or counts entries from 0, and may be nested. A single number
    stands for an array full of it. A function gets what is there, and returns one of these. `FromText` takes what is
    there in a run on another text.

    Args:
        state: State of the controller before the step.
        memory: Contents of the memory before the step, given as a sequence of actions that leave them on an empty
            memory (see `ns.run`), also of none. The machine then sees what is read after the last of them. A function
            gets the actions that have left what is there, and a mapping changes these.
        action: Action of the step, which the memory takes in place of the controller's.
        readout: State before the step of the readout, the second controller that some machines have.

    Examples:
        >>> import neuralstack as ns
        >>> ns.Edit(action={"push": 0})
        Edit(action={'push': 0})
        >>> halved = ns.Edit(action=lambda action: {"pop": action.pop / 2}, state={0: {0: 0.0}})
    """

    state: Any = None
    memory: Any = None
    action: Any = None
    readout: Any = None

    def __repr__(self) -> str:
        parts = [f"{name}={value!r}" for name, value in self.parts().items()]
        return f"Edit({', '.join(parts)})"

    def __post_init__(self):
        if not self.parts():
            names = ", ".join(field.name for field in fields(self))
            raise ValueError(f"an edit needs at least one of {names}: give one, such as action={{'push': 0}}.")

    def parts(self) -> dict[str, Any]:
        """Return the parts that are replaced."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


def check_edits(edits: Any) -> dict[int, Edit]:
    """Return edits in the order of their steps.

    Raises:
        TypeError: If they are not a mapping from steps to edits.
        ValueError: If a step is negative.
    """
    require_object("edit", edits, Mapping, '{3: ns.Edit(action={"push": 0})}')
    for step, edit in edits.items():
        if isinstance(step, bool) or not isinstance(step, int):
            raise TypeError(f"the steps of edit must be whole numbers, got {step!r}.")
        if step < 0:
            raise ValueError(f"the steps of edit are numbered from 0, got {step}.")
        require_object(f"edit[{step}]", edit, Edit, 'ns.Edit(action={"push": 0})')
    return dict(sorted(edits.items()))


def replaced(where: str, there: Any, given: Any) -> Any:
    """Return what is there with the given parts in place of its own.

    Args:
        where: A description of the place, for errors.
        there: Arrays in any structure.
        given: A value of the same structure, a mapping of some of its parts, or a function to either.

    Raises:
        ValueError: If the structure, a name, a shape or a number is not possible there.

    Examples:
        >>> import jax.numpy as jnp, neuralstack as ns
        >>> action = ns.Action(jnp.ones(()), jnp.zeros(()), jnp.ones(2))
        >>> replaced("the action", action, {"value": [0.5, 2]}).value.tolist()
        [0.5, 2.0]
        >>> replaced("the action", action, {"pusj": 0})
        Traceback (most recent call last):
        ValueError: the action has no part 'pusj': it has push, pop, value.
    """
    if callable(given):
        given = given(there)
    if isinstance(given, Mapping):
        return with_parts(where, there, given)
    paths, form = jax.tree.flatten_with_path(there)
    leaves, given_form = jax.tree.flatten(given, is_leaf=is_numbers)
    if given_form != form:
        parts = parts_of(there)
        hint = f", or a mapping of some of {', '.join(map(str, parts))}" if parts else ""
        raise ValueError(f"{where} must have the structure {form}, got {given_form}: give all of it{hint}.")
    new = [
        fitted(where + jax.tree_util.keystr(path), leaf, part) for (path, leaf), part in zip(paths, leaves, strict=True)
    ]
    return jax.tree.unflatten(form, new)


def is_numbers(node: Any) -> bool:
    """Return whether something is a list of numbers or of lists of them, which stands for an array."""
    return isinstance(node, list) and all(isinstance(item, int | float) or is_numbers(item) for item in node)


def parts_of(tree: Any) -> dict[Any, Any]:
    """Return the parts of a structure by the names of its fields, its keys, or numbers; none of an array.

    Examples:
        >>> parts_of((5, {"b": 6}))
        {0: 5, 1: {'b': 6}}
    """
    found = jax.tree.leaves_with_path(tree, is_leaf=lambda node: node is not tree)
    return {name_of(*path): part for path, part in found if path}


def name_of(key: Any) -> Any:
    """Return the name, the key or the number that a key of a path stands for."""
    return next(getattr(key, name) for name in ("idx", "name", "key") if hasattr(key, name))


def with_parts(where: str, there: Any, given: Mapping[Any, Any]) -> Any:
    """Return a structure with some of its parts replaced.

    Raises:
        ValueError: If it has no such part, or a part does not fit.
    """
    parts = parts_of(there)
    for name in given:
        if name not in parts:
            has = f"it has {', '.join(map(str, parts))}" if parts else "it is an array"
            raise ValueError(f"{where} has no part {name!r}: {has}.")
    new = parts | {name: replaced(f"{where}[{name!r}]", parts[name], part) for name, part in given.items()}
    form = jax.tree.structure(there, is_leaf=lambda node: node is not there)
    return jax.tree.unflatten(form, new.values())


def fitted(where: str, there: Any, given: Any) -> Any:
    """Return an array as one that is there, of the same shape and dtype.

    Raises:
        ValueError: If it has another shape, or is not made of finite numbers.
    """
    there = jnp.asarray(there)
    try:
        array = jnp.asarray(given, there.dtype)
    except (TypeError, ValueError):
        raise ValueError(f"{where} must be numbers of shape {[*there.shape]}, got {given!r}.") from None
    if array.shape not in ((), there.shape):
        raise ValueError(
            f"{where} must be a number or have the shape {[*there.shape]}, got the shape {[*array.shape]}."
        )
    if not bool(jnp.isfinite(array).all()):
        raise ValueError(f"{where} must be finite.")
    return jnp.broadcast_to(array, there.shape)

"""A user's own parts in a run: their code is executed only if the user names them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from neuralstack._lookup import UnnamedPartError, is_reference
from neuralstack.controllers import CONTROLLERS
from neuralstack.machine import NETWORKS
from neuralstack.memories import MEMORIES
from neuralstack.tasks import PAIRS, TASKS
from neuralstack.training._config import Config
from neuralstack.training._file_places import locate_reference
from neuralstack.training._memory_names import parts_of_name

KNOWN = {"task": (TASKS, (PAIRS,)), "memory": (MEMORIES,), "controller": (CONTROLLERS,)}


class OwnParts(TypedDict, total=False):
    """The names of parts that a user gave when opening a run."""

    task: str | None
    memory: str | None
    controller: str | None


def is_own(part: str, name: str) -> bool:
    """Return whether a name refers to something outside the library.

    Examples:
        >>> is_own("memory", "stack+memories.py:Register"), is_own("memory", "superposition(stacks=2)")
        (True, False)
        >>> is_own("controller", "transformer(heads=2)")
        False
    """
    names = parts_of_name(name) if part == "memory" else [name]
    if part == "controller" and name.partition("(")[0].strip() in NETWORKS:
        return False
    return any(not any(part_name in known for known in KNOWN[part]) for part_name in names)


def allowed_name(part: str, saved: str, named: str | None, path: Path) -> str:
    """Return the name of a run's part if its code may be executed: it is the library's, or the user named it.

    A file may have moved, so the user may give another path to it.

    Args:
        part: "task", "memory" or "controller".
        saved: Its name in the run.
        named: Its name as given by the user.
        path: The run's directory.

    Raises:
        ValueError: If the user named another part.
        UnnamedPartError: If the user named none and the part is not the library's.
    """
    if named is not None and not is_same(saved, named):
        raise ValueError(f"the {part} of {str(path)!r} is {saved!r}, not {named!r}: give the {part} of the run.")
    if named is None and is_own(part, saved):
        raise UnnamedPartError(part, saved, str(path), locate_reference(saved, path))
    return saved if named is None else named


def parts_of(config: Config) -> dict[str, str]:
    """Return the names of the parts of a configuration that may be a user's own."""
    return {"task": config.task, "memory": config.machine.memory, "controller": config.machine.controller}


def own_of_each(configs: Sequence[Config], own: OwnParts) -> list[OwnParts]:
    """Return, for each of several runs, those of the given names that are meant for it.

    A name is not meant for a run whose part is the library's, unless it is meant for no run at all.
    """

    def is_meant(config: Config, part: str, name: str) -> bool:
        saved = parts_of(config)[part]
        return is_own(part, saved) or is_same(saved, name)

    given = {part: str(name) for part, name in own.items() if name is not None}
    nobodys = {part for part, name in given.items() if not any(is_meant(config, part, name) for config in configs)}
    return [
        OwnParts(**{part: name for part, name in given.items() if part in nobodys or is_meant(config, part, name)})
        for config in configs
    ]


def is_same(saved: str, named: str) -> bool:
    """Return whether two names refer to the same object, whose file may have moved.

    Examples:
        >>> is_same("memories.py:Register", "lib/memories.py:Register"), is_same("stack", "queue")
        (True, False)
    """
    pairs = [*zip(saved.split("+"), named.split("+"), strict=False)]
    return saved.count("+") == named.count("+") and all(
        left == right or (is_reference(left) and is_reference(right) and tail(left) == tail(right))
        for left, right in pairs
    )


def tail(name: str) -> str:
    """Return what follows the file or module in a reference."""
    return name.partition("(")[0].rpartition(":")[2] + "".join(name.partition("(")[1:])


def allowed_config(config: Config, path: Path, own: OwnParts) -> Config:
    """Return the configuration of a run with the names of its parts as given by the user.

    Raises:
        ValueError: If the code of a part may not be executed (see `allowed_name`).
    """
    machine = replace(
        config.machine,
        memory=allowed_name("memory", config.machine.memory, own.get("memory"), path),
        controller=allowed_name("controller", config.machine.controller, own.get("controller"), path),
    )
    return replace(config, task=allowed_name("task", config.task, own.get("task"), path), machine=machine)

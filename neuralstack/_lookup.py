"""Lookup of names: in a table, in a user's file or module, or in an installed package."""

import difflib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

Thing = TypeVar("Thing")
PLURALS = {"task": "tasks", "memory": "memories", "controller": "controllers"}


class UnnamedPartError(ValueError):
    """A part of a saved run is defined in a user's own file or package, which the user did not name."""

    def __init__(self, part: str, saved: str, run: str, located: str):
        self.part, self.located = part, located
        self.fact = f"the {part} of {run!r} is {saved!r}, which is not one of the library's"
        super().__init__(f"{self.fact}: name it too, as its {part}, to allow its code to be executed.")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a phrase that suggests the known name closest to `name`, or an empty string if none is close.

    Examples:
        >>> nearest("stak", ["queue", "stack"])
        "did you mean 'stack'? "
    """
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def lookup(kind: str, things: Mapping[str, Thing], name: str) -> Thing:
    """Return the entry of that name.

    Raises:
        ValueError: If there is none; the message lists all names and suggests the closest.

    Examples:
        >>> lookup("memory", {"queue": 1, "stack": 2}, "stack")
        2
    """
    if name not in things:
        raise ValueError(f"unknown {kind} {name!r}: {nearest(name, things)}choose from {', '.join(sorted(things))}.")
    return things[name]


def is_reference(name: str) -> bool:
    """Tell whether a name has the form `FILE.py:NAME` or `package.module:NAME`, which `resolve` executes.

    Examples:
        >>> is_reference("tasks.py:last"), is_reference("reversal")
        (True, False)
    """
    return ":" in name


def file_of_reference(name: str) -> str:
    """Return the file of a name `FILE.py:NAME`, or an empty text for another name.

    Examples:
        >>> file_of_reference("lib/tasks.py:last"), file_of_reference("package.module:last")
        ('lib/tasks.py', '')
    """
    file = name.rpartition(":")[0]
    return file if file.endswith(".py") else ""


def resolve(kind: str, things: Mapping[str, Any], name: str, accepts: Callable[[Any], bool] | None = None) -> Any:
    """Return what a user named: an entry of a table, `FILE.py:NAME`, `package.module:NAME` or an entry point.

    A file or module is executed, so `name` must come from the user, never from a saved run. Entry points are looked up
    in the group `neuralstack.tasks`, `neuralstack.memories` or `neuralstack.controllers`; the table takes precedence.

    Args:
        kind: "task", "memory" or "controller".
        things: The table of names.
        name: The name.
        accepts: Tells whether an object from outside the table is of the right kind. Defaults to accepting everything.

    Raises:
        ValueError: If the name is unknown, its file or module cannot be executed, or its object is of another kind.

    Examples:
        >>> resolve("controller", {"lstm": 1}, "lstm")
        1
        >>> resolve("task", {}, "fractions:Fraction")
        <class 'fractions.Fraction'>
    """
    if name in things:
        return things[name]
    if is_reference(name):
        resolved = _from_reference(kind, name)
    else:
        offered = {point.name: point for point in importlib.metadata.entry_points(group=f"neuralstack.{PLURALS[kind]}")}
        resolved = _load(offered[name]) if name in offered else lookup(kind, {**things, **offered}, name)
    if accepts is not None and not accepts(resolved):
        raise ValueError(f"{name!r} is an object of type {type(resolved).__name__}, which cannot be used as a {kind}.")
    return resolved


def _from_reference(kind: str, name: str) -> Any:
    module_or_file, _, attribute = name.rpartition(":")
    if not module_or_file or not attribute:
        raise ValueError(f"a {kind} of your own is written FILE.py:NAME or package.module:NAME, got {name!r}.")
    module = _execute(Path(module_or_file)) if file_of_reference(name) else _import(module_or_file)
    if not hasattr(module, attribute):
        known = [known for known in vars(module) if not known.startswith("_")]
        raise ValueError(
            f"{module_or_file!r} has no {attribute!r}: {nearest(attribute, known)}check the name after the colon."
        )
    return getattr(module, attribute)


def _execute(path: Path) -> ModuleType:
    """Execute a file as a module; the same content is executed only once, so that its classes stay the same objects.

    As with `python FILE.py`, it can import modules from its own folder, even later, inside its functions.
    """
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}: check the part before the colon.")
    digest = hashlib.sha256(bytes(path.resolve()) + b"\0" + path.read_bytes()).hexdigest()[:16]
    module_name = f"{path.stem}_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look up their module while they are defined
    _search_for_modules_in(path.resolve().parent)
    try:
        # Not by its loader, which takes a file edited within a second for the one whose bytecode it has kept.
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)
    except BaseException as error:  # after an interrupt too, a half-executed module must not be kept
        del sys.modules[module_name]
        if isinstance(error, Exception | SystemExit):
            raise ValueError(f"{str(path)!r} cannot be executed: {_one_line(error)}.") from error
        raise
    return module


def _search_for_modules_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _import(name: str) -> ModuleType:
    """Import a module, which may be in the current folder, as with `python -m`."""
    try:
        _search_for_modules_in(Path.cwd())
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"the module {name!r} cannot be imported: {_one_line(error)}.") from error


def _load(point: importlib.metadata.EntryPoint) -> Any:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        package = point.dist.name if point.dist else "an installed package"
        raise ValueError(
            f"the entry point {point.name!r} of {package}, {point.value!r}, cannot be loaded: {_one_line(error)}."
        ) from error


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")

"""Parts by name: of a registry, of an installed package, or of a user's own file."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from neuralstack._lookup import nearest

GROUP = "neuralstack"  # of the entry points: neuralstack.tasks, neuralstack.memories, neuralstack.controllers


def resolve(kind: str, registry: Mapping[str, Any], name: str) -> Any:
    """Return the object that a name stands for.

    A name is one of the registry; or of an installed package's entry points in the group `neuralstack.tasks`,
    `neuralstack.memories` or `neuralstack.controllers`; or `FILE.py:NAME` or `package.module:NAME`, whose code is then
    executed.

    Args:
        kind: What is wanted, in the singular, for errors and for the group of entry points: `task`.
        registry: The names of the library itself.
        name: The name.

    Raises:
        ValueError: If the name is unknown, or what it names cannot be imported.

    Examples:
        >>> resolve("memory", {"queue": 1, "stack": 2}, "stack")
        2
        >>> resolve("task", {}, "math:gcd")(12, 18)
        6
    """
    if name in registry:
        return registry[name]
    if ":" in name:
        return import_object(kind, name)
    installed = {point.name: point for point in entry_points(group=f"{GROUP}.{plural(kind)}")}
    if name in installed:
        return load_entry_point(kind, installed[name])
    known = sorted({*registry, *installed})
    raise ValueError(
        f"unknown {kind} {name!r}: {nearest(name, known)}choose from {', '.join(known)}, or name one of your own as "
        "FILE.py:NAME."
    )


def plural(kind: str) -> str:
    """Return a noun in the plural.

    Examples:
        >>> plural("memory"), plural("task")
        ('memories', 'tasks')
    """
    return kind[:-1] + "ies" if kind.endswith("y") else kind + "s"


def load_entry_point(kind: str, point: EntryPoint) -> Any:
    """Return what an installed package offers.

    Raises:
        ValueError: If it cannot be imported.
    """
    try:
        return point.load()
    except Exception as error:
        package = point.dist.name if point.dist else "an installed package"
        raise ValueError(
            f"the {kind} {point.name!r} of {package} ({point.value}) cannot be imported "
            f"({type(error).__name__}: {error}): repair or uninstall that package."
        ) from error


def import_object(kind: str, name: str) -> Any:
    """Return the object that `FILE.py:NAME` or `package.module:NAME` names.

    Raises:
        ValueError: If there is no such file or module, executing it fails, or it has no such name.
    """
    source, _, attribute = name.rpartition(":")
    module = load_module(kind, source)
    value: Any = module
    for part_name in attribute.split("."):
        if not hasattr(value, part_name):
            names = [known for known in vars(module) if not known.startswith("_")]
            defined = ", ".join(names) or "nothing"
            raise ValueError(f"{source!r} has no {attribute!r}: {nearest(attribute, names)}it defines {defined}.")
        value = getattr(value, part_name)
    return value


def load_module(kind: str, source: str) -> ModuleType:
    """Return the module of a file, executed once for each version of it, or of a dotted name.

    Raises:
        ValueError: If there is none, or executing it fails.
    """
    is_file = source.endswith(".py")
    if is_file and not Path(source).is_file():
        raise ValueError(f"there is no file {source!r} with a {kind}: name one as FILE.py:NAME.")
    try:
        return _execute(Path(source).resolve()) if is_file else importlib.import_module(source)
    except Exception as error:
        what = f"the file {source!r}" if is_file else f"the module {source!r}"
        raise ValueError(
            f"{what} with a {kind} cannot be imported ({type(error).__name__}: {error}): repair it, or name another."
        ) from error


def _execute(path: Path) -> ModuleType:
    status = path.stat()
    name = f"_neuralstack_own_{abs(hash((path, status.st_mtime_ns, status.st_size)))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while they are made
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module

"""Saving machines, and loading those that were saved or trained."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

from neuralstack._files import PARTIAL, read_bounded, write_whole
from neuralstack._json import parse_json, to_json_text
from neuralstack._lookup import resolve
from neuralstack.machine import (
    Machine,
    MemoryLayer,
    Transformer,
    layer_from_spec,
    layer_spec,
    machine_from_spec,
    machine_spec,
    transformer_from_spec,
    transformer_spec,
)
from neuralstack.memories import AbstractMemory
from neuralstack.training._controller_names import as_constructor, controller_from_name, make_controller
from neuralstack.training._memory_names import as_memory, memory_from_name
from neuralstack.training._run_directory import Run
from neuralstack.training._tensors import from_file, to_bytes

SPECS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Machine: machine_spec,
    MemoryLayer: layer_spec,
    Transformer: transformer_spec,
}
SPEC, WEIGHTS = "machine.json", "model.safetensors"
LARGEST_SPEC = 1 << 24  # bytes


def save(path: str | Path, machine: Any) -> None:
    """Save a machine in a new directory: its parts in `machine.json`, its weights in `model.safetensors`.

    The directory is created atomically.

    Args:
        path: The directory, which must be empty if it exists.
        machine: An `ns.Machine`, an `ns.Transformer` or an `ns.MemoryLayer`. To load it, `load` needs the classes of a
            user's own parts.

    Raises:
        TypeError: If the object is not a machine of the library.
        ValueError: If the directory is not empty, or is a file.

    Examples:
        >>> import jax, neuralstack as ns, pathlib, tempfile
        >>> key, path = jax.random.key(0), pathlib.Path(tempfile.mkdtemp(), "machine")
        >>> ns.save(path, ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), 5, key=key))
        >>> ns.load(path).memory
        NeuralStack(width=4, kernel=None)
    """
    from neuralstack import __version__

    path = Path(path)
    if type(machine) not in SPECS:
        known = "an ns.Machine, an ns.Transformer or an ns.MemoryLayer"
        raise TypeError(f"machine must be {known}, got {type(machine).__name__}.")
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise ValueError(f"{str(path)!r} is not a directory: choose another path for the machine.")
    Run.require_empty(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}-{secrets.token_hex(8)}{PARTIAL}")
    unfinished.mkdir()
    try:
        content = {"neuralstack": __version__, "machine": SPECS[type(machine)](machine)}
        write_whole(unfinished / WEIGHTS, to_bytes(machine))
        write_whole(unfinished / SPEC, to_json_text(content, indent=2) + "\n")
        for leftover in path.glob(f"*{PARTIAL}"):
            leftover.unlink()
        os.rename(unfinished, path)  # fails if another process has written something in the meantime
    except OSError as error:
        raise ValueError(f"the machine cannot be saved in {str(path)!r}: {error}; choose another path.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(path: str | Path, *, memory: Any = None, controller: Any = None) -> Any:
    """Load a machine: a saved one, or the best one of a run.

    No code is executed except what is given here.

    Args:
        path: The directory of a saved machine or of a run.
        memory: The memory, if it is of a user's own class: the class, a function that makes it, such a memory, or its
            name (`"memories.py:Register"`), which is executed.
        controller: The controller, in the same way; for a memory layer, a module like the saved one, its
            class, or a name of either.

    Returns:
        The machine; for a run, with the weights that did best on the validation set.

    Raises:
        ValueError: If there is no machine, a file is broken, or a part of a user's own class is not given.
    """
    path = Path(path)
    if not (path / SPEC).is_file():
        if not (path / "config.json").is_file():
            raise ValueError(
                f"{str(path)!r} is not a run: it has no config.json; nor a saved machine: it has no {SPEC}."
            )
        return Run.open(path).load_model(memory=memory, controller=controller)
    try:
        spec = parse_json(read_bounded(path / SPEC, LARGEST_SPEC))["machine"]
        like = _like(spec, memory, controller)
    except (TypeError, KeyError, AttributeError, OSError, ValueError) as error:
        reason = error if isinstance(error, OSError | ValueError) else f"{SPEC} is not that of a machine"
        raise ValueError(f"the machine in {str(path)!r} cannot be loaded: {reason}") from error
    return from_file(path / WEIGHTS, like)


def _like(spec: Any, memory: Any, controller: Any) -> Any:
    """Return what a specification describes, without its weights; parts of some may be given by a user."""
    if memory is not None:
        memory = _memory_of((spec.get("layer") or spec.get("transformer") or spec)["memory"], memory)
    if "layer" in spec:
        return _layer_like(spec, memory, controller)
    if "transformer" in spec:
        return transformer_from_spec(spec, memory=memory)
    return _machine_like(spec, memory, controller)


def _memory_of(spec: Any, given: Any) -> AbstractMemory:
    """Return the memory that a user gave, as its name, its class or itself, for one of this specification."""
    width = spec.get("read_size", 1)
    return memory_from_name(given, width) if isinstance(given, str) else as_memory(given, width, str(given))


def _layer_like(spec: Any, memory: AbstractMemory | None, controller: Any) -> MemoryLayer:
    """Return the memory layer of a specification without its weights; its parts may be given by a user."""
    if isinstance(controller, str):
        controller = resolve("controller", {}, controller, accepts=callable)
    return layer_from_spec(spec, memory=memory, controller=controller)


def _machine_like(spec: Any, memory: AbstractMemory | None, controller: Any) -> Machine:
    """Return the machine of a specification without its weights; some parts may be given by a user."""
    if controller is not None:
        makes = controller_from_name(controller) if isinstance(controller, str) else as_constructor(controller)
        own = spec["controller"].get("controller", spec["controller"])
        sizes = own["input_size"], own["hidden_size"]
        controller = make_controller(makes, *sizes, num_layers=1, input_scale=1.0, key=jax.random.key(0))
    return machine_from_spec(spec, memory=memory, controller=controller)

"""Machines that were trained or saved with JAX, loaded without it."""

import re
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from neuralstack._files import read_bounded
from neuralstack._json import parse_json
from neuralstack._metrics_file import rank, read_metrics
from neuralstack.torch._cells import CellController
from neuralstack.torch._controllers import BoundedController
from neuralstack.torch._layer import MemoryLayer
from neuralstack.torch._machine import Machine
from neuralstack.torch._parts import layer_from_spec, machine_from_config, machine_from_spec
from neuralstack.torch._trees import leaves

SPEC, CONFIG, WEIGHTS, METRICS = "machine.json", "config.json", "model.safetensors", "metrics.jsonl"
LARGEST_TEXT, LARGEST_WEIGHTS = 1 << 24, 1 << 36  # bytes
DIRECT = ("gates_from_input", "gates_from_read", "repeat_weights", "repeat_bias")


def load(path: str | Path) -> Machine | MemoryLayer:
    """Load a machine, or a memory layer, that was trained or saved with JAX; JAX is not needed for it.

    No code is executed, and the answers are those of `ns.load(path)` to rounding.

    Args:
        path: The directory of a machine or a memory layer that `ns.save` saved, or of a run.

    Returns:
        The machine, in the precision in which it was saved; for a run, with the weights that did best on the validation
        set.

    Raises:
        ValueError: If there is no machine, a file is broken, or the machine has a part that is not available here.
    """
    path = Path(path)
    if not (path / SPEC).is_file() and not (path / CONFIG).is_file():
        raise ValueError(f"{str(path)!r} is not a run: it has no {CONFIG}; nor a saved machine: it has no {SPEC}.")
    if not (path / WEIGHTS).is_file():
        raise ValueError(f"{str(path)!r} has no model yet: resume its training.")
    try:
        with torch.device("meta"):  # no weights are drawn or allocated
            machine = _described(path)
    except (TypeError, KeyError, AttributeError, OSError, ValueError) as error:
        reason = error if isinstance(error, OSError | ValueError) else f"its description is broken ({error!r})"
        raise ValueError(f"the machine in {str(path)!r} cannot be loaded: {reason}") from error
    machine.load_state_dict(_fitting(machine, path / WEIGHTS), assign=True)
    return machine


def _described(path: Path) -> Machine | MemoryLayer:
    """Return the machine that the files in a directory describe, without weights."""
    if (path / SPEC).is_file():
        spec = parse_json(read_bounded(path / SPEC, LARGEST_TEXT))["machine"]
        return layer_from_spec(spec) if "layer" in spec else machine_from_spec(spec)
    data = parse_json(read_bounded(path / CONFIG, LARGEST_TEXT))
    if "neuralstack" not in data:
        raise ValueError("version 0.1 wrote it: load it with ns.load and save it with ns.save first.")
    best = max(reversed(read_metrics(path / METRICS)), key=rank, default={})  # the last of the best was saved
    return machine_from_config(data["config"]["machine"], data["vocab_size"], quantized=bool(best.get("quantization")))


def _fitting(machine: nn.Module, path: Path) -> dict[str, nn.Parameter]:
    """Read the weights of a machine.

    Raises:
        ValueError: If the file is broken, or its arrays are not those of the machine.
    """
    try:
        arrays = safetensors.torch.load(read_bounded(path, LARGEST_WEIGHTS))
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise ValueError(f"{str(path)!r} is broken or half-written ({error}): restore it, or train again.") from None
    names = _names_in_file(machine)
    _convert_cells(machine, arrays)
    for name, like in machine.state_dict().items():
        array = arrays.get(names[name])
        if array is None or array.shape != like.shape or not array.is_floating_point():
            got = "is missing" if array is None else f"is {array.dtype}{list(array.shape)}"
            raise ValueError(
                f"{str(path)!r} does not fit the machine: {names[name]} {got}, expected {list(like.shape)}; restore "
                "both files, or train again."
            )
    if spare := sorted(arrays.keys() - names.values()):
        raise ValueError(
            f"{str(path)!r} does not fit the machine: it also holds {spare[0]}; restore both files, or train again."
        )
    return {name: nn.Parameter(arrays[in_file]) for name, in_file in names.items()}


def _names_in_file(machine: nn.Module) -> dict[str, str]:
    """Return the name in a file of each parameter; files name them by their places in a machine of JAX."""
    names = {}
    for name in machine.state_dict():
        in_file = re.sub(r"\.(\d+)", r"[\1]", name)
        part, _, rest = in_file.partition(".")
        if isinstance(machine, Machine) and part in ("actions", "answer"):
            in_file = f"direct.{rest}" if rest in DIRECT else rest
        names[name] = in_file
    controller = machine.controller
    if isinstance(controller, BoundedController):
        places = [place for place, _ in leaves(controller.init(1))]
        for number, place in enumerate(places):
            for bound in ("low", "high"):
                names[f"controller.{bound}.{number}"] = f"controller.{bound}{place}"
    return names


def _convert_cells(machine: nn.Module, arrays: dict[str, Tensor]) -> None:
    """Convert the arrays of Equinox's cells, whose gates have the order of PyTorch's, and one bias in place of two."""
    for name, controller in machine.named_modules():
        if not isinstance(controller, CellController):
            continue
        name = name.removeprefix("answer.")
        if isinstance(controller.cell, nn.GRUCell):  # its state is an array, and that of an LSTM a tuple of two
            for place in ("initial", "low", "high"):
                owner = name if place == "initial" else name.removesuffix(".controller")
                if f"{owner}.{place}" in arrays:
                    arrays[f"{owner}.{place}[0]"] = arrays.pop(f"{owner}.{place}")
        bias: Any = arrays.pop(f"{name}.cell.bias", None)
        if bias is not None:
            last: Any = arrays.pop(f"{name}.cell.bias_n", None)
            arrays[f"{name}.cell.bias_ih"] = bias
            arrays[f"{name}.cell.bias_hh"] = torch.zeros_like(bias)
            if last is not None:
                arrays[f"{name}.cell.bias_hh"][-len(last) :] = last

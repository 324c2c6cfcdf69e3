"""Checks of what a strength memory is given, whose errors name what was given and what is needed."""

import torch
from torch import Tensor

from neuralstack._arguments import describe_object

ENDS = "two ends"  # the axis of a DeQue's arrays that has the top first, then the bottom


def require_width(what: str, width: int) -> None:
    """Require a width of at least 1.

    Raises:
        ValueError: If the width is below 1.
    """
    if width < 1:
        raise ValueError(f"{what} must be at least 1 wide, got {width=}.")


def require_shapes(name: str, axes: tuple[str, ...], width: int, parts: dict[str, object]) -> None:
    """Require tensors on one device: push and pop with the same axes, and a value with one more, of the width.

    Raises:
        TypeError: If one is not a tensor.
        ValueError: If a shape does not fit, or they are on different devices.
    """
    for argument, part in parts.items():
        if not isinstance(part, Tensor):
            raise TypeError(f"{name}'s {argument} must be a torch.Tensor, got {describe_object(part)}.")
    push, pop, value = (part.shape for part in parts.values() if isinstance(part, Tensor))
    fits = len(push) == len(axes) and (axes[-1] != ENDS or push[-1] == 2)
    if not fits or pop != push or value != (*push, width):
        wanted = {"push": axes, "pop": axes, "value": (*axes, width)}
        raise ValueError(f"{name} takes {listed(wanted)}; got {listed({'push': push, 'pop': pop, 'value': value})}.")
    devices = {str(part.device) for part in parts.values() if isinstance(part, Tensor)}
    if len(devices) > 1:
        raise ValueError(f"{name} needs push, pop and value on one device, got {', '.join(sorted(devices))}.")


def require_room(name: str, room: int, time: int, start: tuple[int, torch.device], push: Tensor) -> None:
    """Require that a state has room for one more step, and that an action has its batch, and lies on its device.

    Raises:
        ValueError: If not.
    """
    if time >= room:
        raise ValueError(f"{name} has room for the {room} steps that init was given: give it more to go on.")
    given = len(push), push.device
    if given[0] != start[0] or given[1].type != start[1].type:
        wanted, got = (f"{batch} sequences on the device {device.type}" for batch, device in (start, given))
        raise ValueError(f"{name}'s state is that of {wanted}, and the action that of {got}.")


def listed(shapes: dict[str, tuple]) -> str:
    """Return arguments with their shapes, as text."""
    return ", ".join(f"{argument} [{', '.join(map(str, shape))}]" for argument, shape in shapes.items())


def require_strengths(what: str, numbers: Tensor) -> None:
    """Require strengths in [0, 1], of those that are finite, if they are known at no cost: in memory, and not traced.

    Raises:
        ValueError: If a strength is not allowed.
    """
    if torch.compiler.is_compiling() or numbers.device.type != "cpu" or not numbers.numel():
        return
    known = torch.func.debug_unwrap(numbers.detach())
    low, high = known.aminmax()
    if float(low) >= 0 and float(high) <= 1:
        return
    wrong = ((known < 0) | (known > 1)) & known.isfinite()
    if wrong.any():
        place = wrong.nonzero()[0].tolist()
        raise ValueError(f"{what} must lie in [0, 1], got {known[tuple(place)]:g} at {place}.")


def checked_lengths(name: str, lengths: Tensor | None, push: Tensor) -> Tensor:
    """Return the number of steps of each sequence, as int32 on the device of the strengths [batch, steps, ...].

    Raises:
        TypeError: If they are not whole numbers in a tensor.
        ValueError: If their shape does not fit, or a known one is negative or beyond the steps.
    """
    batch, steps = push.shape[:2]
    if lengths is None:
        return torch.full((batch,), steps, dtype=torch.int32, device=push.device)
    if not isinstance(lengths, Tensor):
        raise TypeError(f"{name}'s lengths must be a torch.Tensor of integers, got {describe_object(lengths)}.")
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"{name}'s lengths must be a torch.Tensor of integers, got one of {lengths.dtype}.")
    if lengths.shape != (batch,):
        raise ValueError(
            f"{name} takes one length for each of {batch} sequences; got {listed({'lengths': tuple(lengths.shape)})}."
        )
    if not torch.compiler.is_compiling() and lengths.device.type == "cpu":
        known = torch.func.debug_unwrap(lengths)
        if ((known < 0) | (known > steps)).any():
            wrong = known[(known < 0) | (known > steps)][0]
            raise ValueError(f"{name}'s lengths must lie between 0 and {steps}, the number of steps; got {wrong}.")
    return lengths.to(push.device, torch.int32)


def value_dtype(dtype: torch.dtype | None) -> torch.dtype:
    """Return the dtype of values and reads, given the requested one; None stands for PyTorch's default."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not dtype.is_floating_point:
        raise TypeError(f"a memory holds values of a floating-point dtype, got {dtype}.")
    return dtype


def computed_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype in which values of a dtype are computed: at least float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32

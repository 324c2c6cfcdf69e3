"""The buffers that all states of a sequence share: what its steps were, the line as it is, and the backward pass."""

import itertools

import torch
from torch import Tensor

from neuralstack.torch import _kernel

NUMBERS = itertools.count(1)  # of backward passes


class Line:
    """The slots of a batch of lines, as the kernels keep them: elements, strengths, and the ends of the live ones."""

    def __init__(self, memory: str, values: Tensor):
        batch, steps, tracks, _ = values.shape
        self.elements = values.new_zeros(batch, steps * tracks, dtype=torch.int32)
        self.strengths = values.new_zeros(batch, steps * tracks, dtype=torch.float64)
        self.ends = values.new_full((batch, 2), steps if memory == "deque" else 0, dtype=torch.int32)

    def arrays(self) -> tuple[Tensor, ...]:
        """Return them in the order of the kernels."""
        return self.elements, self.strengths, self.ends


class BackwardPass:
    """A backward pass that goes on: its number, the step undone last, the line before it, and the cotangents so far."""

    def __init__(self, buffers: "Buffers", steps: int):
        self.number, self.time = next(NUMBERS), steps
        self.line = Line(buffers.memory, buffers.values)
        self.changed_slots = buffers.values.new_empty((*buffers.push.shape, 2), dtype=torch.int32)
        self.changed_strengths = buffers.values.new_empty((*buffers.push.shape, 2), dtype=torch.float64)
        self.of_values = torch.zeros_like(buffers.values)
        self.of_strengths = torch.zeros_like(buffers.push, dtype=torch.float64)
        buffers.replay(steps, self.line, self.changed_slots, self.changed_strengths)


class Buffers:
    """The actions of the steps so far, and the line after them, both changed in place."""

    def __init__(self, memory: str, batch: int, steps: int, width: int, dtype: torch.dtype):
        shape = batch, steps, _kernel.TRACKS[memory]
        self.memory, self.taken = memory, 0
        with torch.inference_mode(False), torch.no_grad():
            self.push, self.pop = torch.empty(shape, dtype=dtype), torch.empty(shape, dtype=dtype)
            self.values = torch.empty((*shape, width), dtype=dtype)
            self.counts = torch.zeros(batch, dtype=torch.int32)
            self.line = Line(memory, self.values)
        self.backward_pass: BackwardPass | None = None
        self.found_in_branches: dict[int, list[BackwardPass]] = {}

    def step(self, time: int, push: Tensor, pop: Tensor, value: Tensor) -> Tensor:
        """Take a step, in place, and return the read."""
        for record, part in ((self.push, push), (self.pop, pop), (self.values, value)):
            record[:, time] = part
        read = torch.empty_like(value, memory_format=torch.contiguous_format)
        given = [part.contiguous() for part in (push, pop, value)]
        self.call("step", [self.counted(time), *given, self.values, *self.line.arrays(), read])
        self.taken = time + 1
        return read

    def undo(self, time: int, going_on: int, of_read: Tensor | None) -> tuple[int, list[Tensor]]:
        """Undo a step; return the number of the backward pass that is going on, and the cotangents of the action.

        Args:
            time: The step.
            going_on: The number of the backward pass that undid the step after it, or 0: another one begins here.
            of_read: The cotangent of the step's read, if it has one.

        Raises:
            RuntimeError: If two backward passes over the same steps go on at once.
        """
        if not going_on:
            self.backward_pass = BackwardPass(self, time + 1)
        found = self.backward_pass
        if found is None or (going_on and found.number != going_on) or found.time != time + 1:
            raise RuntimeError("two backward passes over the steps of one memory were mixed: run one after the other.")
        for other in self.found_in_branches.pop(time, ()):
            found.of_values += other.of_values
            found.of_strengths += other.of_strengths
        of_read = torch.zeros_like(self.values[:, 0]) if of_read is None else of_read.contiguous()
        cotangents = [torch.empty_like(part[:, time]) for part in (self.push, self.pop, self.values)]
        changed = found.changed_slots, found.changed_strengths
        arrays = [self.counted(time), of_read, self.values, *changed, *found.line.arrays()]
        self.call("undo", [*arrays, found.of_values, found.of_strengths, *cotangents])
        found.time = time
        return found.number, cotangents

    def branch(self, time: int) -> "Buffers":
        """Return other buffers, as these were after `time` steps."""
        batch, steps, _, width = self.values.shape
        other = Buffers(self.memory, batch, steps, width, self.values.dtype)
        for record, copy in ((self.push, other.push), (self.pop, other.pop), (self.values, other.values)):
            copy[:, :time] = record[:, :time]
        changed = [torch.empty((*self.push.shape, 2), dtype=dtype) for dtype in (torch.int32, torch.float64)]
        other.replay(time, other.line, *changed)
        other.taken = time
        return other

    def replay(self, steps: int, line: Line, changed_slots: Tensor, changed_strengths: Tensor) -> None:
        """Write the line after the first steps, and what each of them changed."""
        arrays = [self.counted(steps), self.push, self.pop, self.values, *line.arrays()]
        self.call("replay", [*arrays, changed_slots, changed_strengths])

    def counted(self, count: int) -> Tensor:
        """Return a number once for each sequence."""
        return self.counts.fill_(count)

    def call(self, name: str, arrays: list[Tensor]) -> None:
        """Call one of the kernels."""
        _kernel.call(name, self.memory, self.values, arrays)

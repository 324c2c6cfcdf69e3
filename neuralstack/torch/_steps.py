"""The strength memories one step at a time, by the kernels: differentiable, in space that grows with the length.

All states of a sequence share buffers (`_buffers.py`), which each step changes in place; its backward pass undoes it.
The order is kept by tokens: each step takes the token of the one before and returns another, so autograd, which sees a
chain, runs the backward passes from the last step to the first. The cotangent of a token tells the step before it which
backward pass is going on. A state that is not the latest of its buffers is stepped in a copy of them.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from neuralstack.torch._buffers import Buffers
from neuralstack.torch._operators import refuse


class KernelState(NamedTuple):
    """The memory of each sequence after `time` steps, with its token."""

    buffers: Buffers
    time: int
    token: Tensor

    @property
    def room(self) -> int:
        """The number of steps that it has room for."""
        return self.buffers.values.shape[1]

    @property
    def batch(self) -> int:
        """The number of sequences."""
        return self.buffers.values.shape[0]


def kernel_start(memory: str, batch: int, steps: int, width: int, dtype: torch.dtype) -> KernelState:
    """Return the empty memory of each sequence."""
    return KernelState(Buffers(memory, batch, steps, width, dtype), 0, new_token())


def kernel_step(state: KernelState, push: Tensor, pop: Tensor, value: Tensor) -> tuple[KernelState, Tensor]:
    """Take a step; push and pop are [batch, tracks], value and reads [batch, tracks, width].

    Raises:
        RuntimeError: Under a transformation by `torch.func`, which cannot be seen through in buffers.
    """
    if any(torch.func.debug_unwrap(part) is not part for part in (push, pop, value)):
        raise RuntimeError(
            "the C++ kernels take single steps without vmap and the other transformations of torch.func only: create "
            "the memory with kernel=False, or call it with whole sequences."
        )
    buffers, time, token = state
    if buffers.taken != time:
        buffers = buffers.branch(time)
        token = Branch.apply(state.buffers, buffers, time, token)
    read, token = Step.apply(buffers, time, token, push, pop, value)
    return KernelState(buffers, time + 1, token), read


def new_token(backward_pass: int = 0) -> Tensor:
    """Return a token, or the cotangent of one: the number of the backward pass that is going on, or 0 for none."""
    return torch.tensor(float(backward_pass), dtype=torch.float64)


class Step(torch.autograd.Function):
    """A step, and its undoing."""

    @staticmethod
    def forward(ctx: Any, buffers: Buffers, time: int, token: Tensor, *action: Tensor) -> tuple[Tensor, Tensor]:
        """Return the read and the next token."""
        ctx.buffers, ctx.time = buffers, time
        ctx.set_materialize_grads(False)
        return buffers.step(time, *action), new_token()

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the cotangents of the token and of the action."""
        of_read, of_token = cotangents
        going_on = 0 if of_token is None else int(of_token)
        going_on, found = ctx.buffers.undo(ctx.time, going_on, None if of_read is None else of_read.detach())
        if not ctx.needs_input_grad[2]:  # the first step with a gradient
            ctx.buffers.backward_pass = None
        if torch.is_grad_enabled():
            found = Once.apply(torch.zeros((), requires_grad=True), *found)
        return None, None, new_token(going_on), *found


class Branch(torch.autograd.Function):
    """The copy of buffers from which other steps go on, and the return of what their backward passes found."""

    @staticmethod
    def forward(ctx: Any, buffers: Buffers, copy: Buffers, time: int, token: Tensor) -> Tensor:
        """Return the token of the copy."""
        ctx.buffers, ctx.copy, ctx.time = buffers, copy, time
        return new_token()

    @staticmethod
    def backward(ctx: Any, *of_token: Tensor) -> tuple[Tensor | None, ...]:
        """Leave the cotangents of values and strengths with the buffers, for the step before the branch."""
        if found := ctx.copy.backward_pass:
            ctx.buffers.found_in_branches.setdefault(ctx.time - 1, []).append(found)
            ctx.copy.backward_pass = None
        return None, None, None, new_token()


class Once(torch.autograd.Function):
    """Cotangents that refuse to be differentiated; the first argument has a gradient, so that they are asked."""

    @staticmethod
    def forward(ctx: Any, asked: Tensor, *cotangents: Tensor) -> tuple[Tensor, ...]:
        """Return the cotangents."""
        return tuple(part.clone() for part in cotangents)

    backward = staticmethod(refuse)

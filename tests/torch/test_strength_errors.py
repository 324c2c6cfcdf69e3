"""Refusals of stack, queue and DeQue in PyTorch; runs on other devices, without kernels and without JAX."""

import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402
from neuralstack import kernels  # noqa: E402

STRENGTHS, VALUES = torch.full((2, 5), 0.5), torch.ones(2, 5, 3)
STACK, DEQUE = nst.NeuralStack(3), nst.NeuralDeque(3)


def stepped(room, batch=2):
    """A stack that is stepped twice."""
    state = STACK.init(batch, room)
    for _ in range(2):
        state, _ = STACK.step(state, nst.Action(STRENGTHS[:, 0], STRENGTHS[:, 0], VALUES[:, 0]))


WRONG = {
    "no width": (lambda: nst.NeuralQueue(0), ValueError, "NeuralQueue's values must be at least 1 wide, got width=0."),
    "a list": (
        lambda: STACK([[0.5]], STRENGTHS, VALUES),
        TypeError,
        "NeuralStack's push must be a torch.Tensor, got an object of type list.",
    ),
    "no batch": (
        lambda: STACK(STRENGTHS[0], STRENGTHS[0], VALUES[0]),
        ValueError,
        "NeuralStack takes push [batch, steps], pop [batch, steps], value [batch, steps, 3]; got push [5], pop [5], "
        "value [5, 3].",
    ),
    "another width": (lambda: STACK(STRENGTHS, STRENGTHS, VALUES[..., :2]), ValueError, "got .* value [2, 5, 2]."),
    "one end": (
        lambda: DEQUE(STRENGTHS, STRENGTHS, VALUES),
        ValueError,
        "NeuralDeque takes push [batch, steps, two ends], pop [batch, steps, two ends], value [batch, steps, two ends, "
        "3]; got push [2, 5]",
    ),
    "a logit": (
        lambda: STACK(STRENGTHS, 3 * STRENGTHS, VALUES),
        ValueError,
        "NeuralStack's pop must lie in [0, 1], got 1.5 at [0, 0].",
    ),
    "a negative strength in a transformation": (
        lambda: torch.vmap(STACK)(-STRENGTHS[None], STRENGTHS[None], VALUES[None]),
        ValueError,
        "NeuralStack's push must lie in [0, 1], got -0.5",
    ),
    "lengths for others": (
        lambda: STACK(STRENGTHS, STRENGTHS, VALUES, torch.tensor([1, 2, 3])),
        ValueError,
        "NeuralStack takes one length for each of 2 sequences; got lengths [3].",
    ),
    "fractional lengths": (
        lambda: STACK(STRENGTHS, STRENGTHS, VALUES, torch.tensor([1.0, 2.0])),
        TypeError,
        "NeuralStack's lengths must be a torch.Tensor of integers, got one of torch.float32.",
    ),
    "too great a length": (
        lambda: STACK(STRENGTHS, STRENGTHS, VALUES, torch.tensor([1, 6])),
        ValueError,
        "NeuralStack's lengths must lie between 0 and 5, the number of steps; got 6.",
    ),
    "two devices": (
        lambda: STACK(STRENGTHS, STRENGTHS, VALUES.to("meta")),
        ValueError,
        "NeuralStack needs push, pop and value on one device, got cpu, meta.",
    ),
    "whole numbers as dtype": (
        lambda: STACK.init(2, 5, torch.int32),
        TypeError,
        "a floating-point dtype, got torch.int32",
    ),
    "no room": (lambda: stepped(1), ValueError, "NeuralStack has room for the 1 steps that init was given"),
    "another batch": (
        lambda: stepped(2, batch=3),
        ValueError,
        "state is that of 3 sequences on the device cpu, and the action that of 2 sequences on the device cpu.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_what_is_needed(case):
    call, kind, message = WRONG[case]
    with pytest.raises(kind) as caught:
        call()
    assert all(part in str(caught.value) for part in message.split(".* "))


def test_another_device_runs_plain_pytorch_and_says_so_once():
    push, values = STRENGTHS.to("meta"), VALUES.to("meta")
    with pytest.warns(UserWarning, match="on the device meta, which are for CPUs: plain PyTorch runs instead"):
        reads = STACK(push, push, values)
    assert reads.shape == STACK(push, push, values).shape == VALUES.shape
    assert reads.device.type == "meta"


@pytest.mark.skipif(not kernels.are_available(), reason="neuralstack was installed without its kernels")
def test_kernels_that_are_required_need_the_cpu():
    push, values = STRENGTHS.to("meta"), VALUES.to("meta")
    with pytest.raises(ValueError, match="kernel=True needs tensors on the CPU, got some on meta: leave kernel out"):
        nst.NeuralStack(3, kernel=True)(push, push, values)


READ = """
import sys

import torch

from neuralstack import torch as nst

action = torch.tensor([[0.8, 0.5]]), torch.tensor([[0.0, 0.1]]), torch.tensor([[[1.0], [2.0]]])
stack, state = nst.NeuralStack(1), nst.NeuralStack(1).init(1, 2)
print(stack(*action).flatten().tolist())
for time in range(2):
    state, read = stack.step(state, nst.Action(*(part[:, time] for part in action)))
print(read.tolist(), sorted({"jax", "equinox", "optax"} & {*sys.modules}))
try:
    nst.NeuralStack(1, kernel=True)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("switch", ["1", "0"])
def test_it_runs_without_jax_and_without_kernels_where_they_are_switched_off(switch):
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", READ],
        env={**os.environ, "NEURALSTACK_KERNELS": switch},
        capture_output=True,
        text=True,
    )
    reads, last, *refused = done.stdout.splitlines()
    assert (reads, last) == ("[0.800000011920929, 1.5]", "[[1.5]] []"), done.stderr
    if switch == "0":
        assert refused[0].startswith(
            "kernel=True needs the C++ kernels, and they are switched off by NEURALSTACK_KERNELS=0"
        )

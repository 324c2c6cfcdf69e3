"""Stack, queue and DeQue in PyTorch: the numbers of JAX, on the same kernels."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from cases import quick
from neuralstack import kernels

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
from torch_bytes import LiveBytes  # noqa: E402

import neuralstack.torch as nst  # noqa: E402

CASES, STEPS, WIDTH = 200, 24, 3
MEMORIES = {
    "stack": (ns.NeuralStack, nst.NeuralStack),
    "queue": (ns.NeuralQueue, nst.NeuralQueue),
    "deque": (ns.NeuralDeque, nst.NeuralDeque),
}
needs_kernels = pytest.mark.skipif(not kernels.are_available(), reason="neuralstack was installed without its kernels")
FORMS = [pytest.param(None, id="kernels", marks=needs_kernels), pytest.param(False, id="plain")]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
KINDS = {
    "uniform": lambda rng, shape: rng.random(shape),
    "near 0": lambda rng, shape: 0.05 * rng.random(shape),
    "near 1": lambda rng, shape: 1 - 0.05 * rng.random(shape),
    "0 or 1": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "eighths": lambda rng, shape: rng.integers(0, 9, shape) / 8,  # which tie often
}


def ends(name):
    return (2,) if name == "deque" else ()


def draw(name, dtype=np.float64, cases=CASES, seed=0):
    """Strengths of every kind, values, cotangents of the reads, and lengths."""
    rng, shape = np.random.default_rng(seed), (2, cases // len(KINDS), STEPS, *ends(name))
    push, pop = np.concatenate([kind(rng, shape) for kind in KINDS.values()], 1)
    values, cotangent = rng.normal(size=(2, *push.shape, WIDTH))
    return [part.astype(dtype) for part in (push, pop, values, cotangent)], rng.integers(0, STEPS + 1, len(push))


@partial(jax.jit, static_argnums=0)
def by_jax(memory, given, lengths):
    """The reads of JAX, and the gradients of push, pop and values."""

    def reads(push, pop, values, length):
        tracks = [ns.Action(push[:, k], pop[:, k], values[:, k]) for k in range(2)] if push.ndim == 2 else None
        return memory.run(ns.DequeAction(*tracks) if tracks else ns.Action(push, pop, values), length)

    *action, cotangent = given
    found, pull = jax.vjp(lambda *action: jax.vmap(reads)(*action, lengths).reshape(cotangent.shape), *action)
    return found, *pull(cotangent)


def by_torch(memory, given, lengths=None):
    """The same, by PyTorch."""
    *action, cotangent = map(torch.tensor, given)
    for part in action:
        part.requires_grad_()
    reads = memory(*action, None if lengths is None else torch.tensor(lengths))
    return [part.detach().numpy() for part in (reads, *torch.autograd.grad(reads, action, cotangent))]


def spoilt(given):
    """The same with numbers that are not finite here and there, also after the length of a sequence."""
    push, pop, values, _ = given
    for case in range(len(push)):
        part = (push, pop, values)[case % 3]
        part[(case, case % STEPS, *[0] * (part.ndim - 2))] = (np.nan, np.inf, -np.inf)[case % 7 % 3]
    return given


def assert_close(found, wanted, tolerance):
    for one, other in zip(found, wanted, strict=True):
        scale = np.nan_to_num(np.abs(other), posinf=0).max(initial=1)
        np.testing.assert_allclose(one / scale, other / scale, rtol=0, atol=tolerance)


@needs_kernels
@pytest.mark.parametrize("name", MEMORIES)
def test_a_batch_that_lies_time_first_is_read_as_it_lies(name):
    given, lengths = draw(name, np.float32)
    first = [torch.tensor(part.swapaxes(0, 1).copy()).transpose(0, 1) for part in given]
    for part in first[:3]:
        part.requires_grad_()
    reads = MEMORIES[name][1](WIDTH)(*first[:3], torch.tensor(lengths))
    found = [reads, *torch.autograd.grad(reads, first[:3], first[3])]
    for one, other in zip(found, by_torch(MEMORIES[name][1](WIDTH), given, lengths), strict=True):
        np.testing.assert_array_equal(one.detach(), other)
    if name != "deque":  # whose kernels take the batch after the two ends
        assert not reads.is_contiguous()
        assert reads.transpose(0, 1).is_contiguous()


@needs_kernels
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MEMORIES)
def test_reads_and_gradients_are_those_of_jax_to_the_last_bit(name, dtype, float64):
    given, lengths = draw(name, dtype)
    wanted = by_jax(MEMORIES[name][0](WIDTH, kernel=True), given, jnp.asarray(lengths, jnp.int32))
    for one, other in zip(by_torch(MEMORIES[name][1](WIDTH), given, lengths), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_kernels
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MEMORIES)
def test_plain_pytorch_gives_the_reads_and_gradients_of_the_kernels_at_ties_too(name, dtype):
    given, lengths = draw(name, dtype)
    found, wanted = (by_torch(MEMORIES[name][1](WIDTH, kernel=kernel), given, lengths) for kernel in (False, None))
    assert_close(found, wanted, TOLERANCE[dtype])


@needs_kernels
@pytest.mark.parametrize("name", quick(MEMORIES, "queue"))
def test_plain_pytorch_gives_the_same_in_many_blocks(name):
    rng, shape = np.random.default_rng(1), (2, 600, 120, *ends(name))
    push, pop = rng.integers(0, 9, shape) / 8
    given = [push, pop, *rng.normal(size=(2, *push.shape, 1))]
    assert_close(*(by_torch(MEMORIES[name][1](1, kernel=kernel), given) for kernel in (False, None)), 1e-12)


@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_a_number_that_is_not_finite_has_the_effect_that_it_has_in_jax(name, kernel, float64):
    given, lengths = draw(name, cases=40)
    given = spoilt(given)
    wanted = by_jax(MEMORIES[name][0](WIDTH), given, jnp.asarray(lengths, jnp.int32))
    assert np.isnan(wanted[0]).any()
    assert_close(by_torch(MEMORIES[name][1](WIDTH, kernel=kernel), given, lengths), wanted, 1e-12)


@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_computed_in_single_precision(dtype, kernel):
    stack = nst.NeuralStack(WIDTH, kernel=kernel)
    push, pop, values, _ = (torch.tensor(part, dtype=dtype) for part in draw("stack", cases=10)[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        reads = stack(push, pop, values)
    wanted = stack(push.float(), pop.float(), values.float())
    assert reads.dtype == dtype
    torch.testing.assert_close(reads, wanted.to(dtype), rtol=0, atol=1e-2 if kernel is False else 0)


def test_reads_have_the_dtype_of_the_values_whatever_that_of_the_strengths():
    push, pop = torch.rand(2, 1, 4, dtype=torch.float64)
    assert nst.NeuralStack(2)(push, pop, torch.ones(1, 4, 2)).dtype == torch.float32
    assert nst.NeuralStack(2)(push.float(), pop, torch.ones(1, 4, 2, dtype=torch.int64)).dtype == torch.float32


@needs_kernels
def test_a_large_batch_is_shared_by_threads_without_a_change():
    threads, given = torch.get_num_threads(), [torch.rand(64, 64), torch.rand(64, 64), torch.randn(64, 64, 80)]
    try:
        reads = []
        for count in (1, 3):
            torch.set_num_threads(count)
            reads.append(nst.NeuralStack(80)(*given))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*reads)


@pytest.mark.parametrize("batch_and_steps", [(0, 3), (2, 0)])
@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_nothing_has_reads_and_gradients(name, kernel, batch_and_steps):
    shape = (*batch_and_steps, *ends(name))
    given = [np.ones(shape), np.ones(shape), *np.ones((2, *shape, WIDTH))]
    reads, push, *_ = by_torch(MEMORIES[name][1](WIDTH, kernel=kernel), given)
    assert (reads.shape, push.shape) == ((*shape, WIDTH), shape)


@pytest.mark.parametrize("name", MEMORIES)
def test_raw_numbers_are_decoded_as_in_jax(name):
    memory, other = (kind(WIDTH) for kind in MEMORIES[name])
    raw = np.random.default_rng(0).normal(size=(2, 5, memory.action_size)).astype(np.float32)
    wanted, found = (
        jax.tree.leaves(memory.decode(jnp.asarray(raw))),
        jax.tree.leaves(tuple(other.decode(torch.tensor(raw)))),
    )
    assert_close([part.numpy() for part in found], wanted, 1e-6)
    np.testing.assert_array_equal(other.initial_bias(), memory.initial_bias())
    assert (other.action_size, other.read_size) == (memory.action_size, memory.read_size)
    assert (other.gate_widths, other.value_widths) == (memory.gate_widths, memory.value_widths)


def test_the_space_of_plain_pytorch_does_not_grow_with_the_square_of_the_length():
    peaks = []
    for steps in (400, 800):
        push, pop = torch.rand(2, 16, steps, requires_grad=True)
        with LiveBytes() as live:
            nst.NeuralStack(1, kernel=False)(push, pop, torch.ones(16, steps, 1)).sum().backward(inputs=[push, pop])
        peaks.append(live.peak)
    assert peaks[1] < 2.3 * peaks[0]

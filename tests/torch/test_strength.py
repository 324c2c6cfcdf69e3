"""Stack, queue and DeQue in PyTorch: the numbers of JAX, on the same kernels."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from neuralstack import kernels

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402

CASES, STEPS, WIDTH = 200, 24, 3
MEMORIES = {
    "stack": (ns.NeuralStack, nst.NeuralStack),
    "queue": (ns.NeuralQueue, nst.NeuralQueue),
    "deque": (ns.NeuralDeque, nst.NeuralDeque),
}
FORMS = {"kernels": None, "plain": False} if kernels.are_available() else {"plain": False}
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


@pytest.mark.skipif("kernels" not in FORMS, reason="neuralstack was installed without its kernels")
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


@pytest.mark.skipif("kernels" not in FORMS, reason="neuralstack was installed without its kernels")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MEMORIES)
def test_reads_and_gradients_are_those_of_jax_to_the_last_bit(name, dtype, float64):
    given, lengths = draw(name, dtype)
    wanted = by_jax(MEMORIES[name][0](WIDTH, kernel=True), given, jnp.asarray(lengths, jnp.int32))
    for one, other in zip(by_torch(MEMORIES[name][1](WIDTH), given, lengths), wanted, strict=True):
        np.testing.assert_array_equal(one, other)

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from cases import quick

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402

BATCH, STEPS = 4, 17
CASES = {
    "superposition": (ns.SuperpositionStack(3), lambda: nst.SuperpositionStack(3)),
    "superposition of two, three cells read": (
        ns.SuperpositionStack(2, stacks=2, depth_read=3, empty=-0.5),
        lambda: nst.SuperpositionStack(2, stacks=2, depth_read=3, empty=-0.5),
    ),
    "hard": (ns.HardStack(3), lambda: nst.HardStack(3)),
    "stack": (ns.NeuralStack(3), lambda: nst.NeuralStack(3)),
    "queue": (ns.NeuralQueue(3), lambda: nst.NeuralQueue(3)),
    "deque": (ns.NeuralDeque(2), lambda: nst.NeuralDeque(2)),
    "rounded deque": (ns.Quantized(ns.NeuralDeque(2)), lambda: nst.Quantized(nst.NeuralDeque(2))),
    "stack and queue": (
        ns.CompositeMemory(ns.NeuralStack(2), ns.NeuralQueue(3)),
        lambda: nst.CompositeMemory(nst.NeuralStack(2), nst.NeuralQueue(3)),
    ),
    "rounded superposition": (
        ns.Quantized(ns.SuperpositionStack(3)),
        lambda: nst.Quantized(nst.SuperpositionStack(3)),
    ),
    "several": (
        ns.CompositeMemory(ns.HardStack(2), ns.SuperpositionStack(3), ns.NoMemory()),
        lambda: nst.CompositeMemory(nst.HardStack(2), nst.SuperpositionStack(3), nst.NoMemory()),
    ),
}


def draw(memory, steps=STEPS):
    rng = np.random.default_rng(0)
    sizes = memory.action_size, memory.read_size
    return [(2 * rng.normal(size=(BATCH, steps, size))).astype(np.float32) for size in sizes]


def expected(memory, raw, weights):
    """The reads of JAX and the gradient of their weighted sum with respect to the raw numbers."""

    def total(raw):
        reads = jax.vmap(lambda one: memory.run(jax.vmap(memory.decode)(one)))(raw)
        return (reads * weights).sum(), reads

    (_, reads), gradient = jax.jit(jax.value_and_grad(total, has_aux=True))(jnp.asarray(raw))
    return np.asarray(reads), np.asarray(gradient)


def step_by_step(memory, action):
    state, reads = memory.init(BATCH, STEPS), []
    for number in range(STEPS):
        state, read = memory.step(state, at(action, number))
        reads.append(read)
    return torch.stack(reads, 1)


def at(action, number):
    if isinstance(action, torch.Tensor):
        return action[:, number]
    members = [at(member, number) for member in action]
    return type(action)(*members) if hasattr(action, "_fields") else tuple(members)


@pytest.mark.parametrize("name", quick(CASES, "hard", "superposition of two, three cells read"))
def test_reads_and_gradients_are_those_of_jax_at_once_and_step_by_step(name):
    memory, build = CASES[name]
    raw, weights = draw(memory)
    reads, gradient = expected(memory, raw, weights)
    ported = build()
    for run in (ported.run, lambda action: step_by_step(ported, action)):
        given = torch.tensor(raw, requires_grad=True)
        found = run(ported.decode(given))
        (found * torch.tensor(weights)).sum().backward()
        np.testing.assert_allclose(found.detach().numpy(), reads, atol=1e-6)
        np.testing.assert_allclose(given.grad.numpy(), gradient, atol=5e-6)


@pytest.mark.parametrize("name", CASES)
def test_sizes_and_biases_are_those_of_jax(name):
    memory, build = CASES[name]
    ported = build()
    sizes = "action_size", "read_size", "gate_widths", "value_widths"
    assert [getattr(ported, size) for size in sizes] == [getattr(memory, size) for size in sizes]
    np.testing.assert_array_equal(ported.initial_bias().numpy(), memory.initial_bias())
    raw = torch.zeros(2, 3, ported.action_size)
    assert ported.gates(ported.decode(raw)).shape == (2, 3, sum(memory.gate_widths))


@pytest.mark.parametrize("name", CASES)
def test_reads_after_the_length_of_a_sequence_are_0_and_have_no_gradient(name):
    memory, build = CASES[name]
    ported, (raw, weights) = build(), draw(memory)
    given, lengths = torch.tensor(raw, requires_grad=True), torch.tensor([17, 5, 0, 9])
    reads = ported.run(ported.decode(given), lengths)
    (reads * torch.tensor(weights)).sum().backward()
    whole = ported.run(ported.decode(torch.tensor(raw)))
    for row, length in enumerate(lengths):
        np.testing.assert_array_equal(reads[row, :length].detach().numpy(), whole[row, :length].numpy())
        assert not reads[row, length:].any()
        assert not given.grad[row, length:].any()


def test_a_number_that_is_not_finite_makes_hard_reads_and_gradients_nan_from_its_step_on():
    memory, ported = ns.HardStack(3), nst.HardStack(3)
    raw, weights = draw(memory)
    raw[1, 9, -1] = np.nan
    reads, gradient = expected(memory, raw, weights)
    given = torch.tensor(raw, requires_grad=True)
    found = ported.run(ported.decode(given))
    (found * torch.tensor(weights)).sum().backward()
    assert np.isnan(found[1, 9:].detach().numpy()).all()
    np.testing.assert_allclose(found.detach().numpy(), reads, atol=1e-6)
    np.testing.assert_allclose(given.grad.numpy(), gradient, atol=5e-6)
    np.testing.assert_array_equal(
        np.isnan(step_by_step(ported, ported.decode(given)).detach().numpy()), np.isnan(reads)
    )


def test_a_hard_stack_is_stepped_from_one_state_twice():
    stack = nst.HardStack(1)
    push = lambda number: nst.Action(torch.ones(1), torch.zeros(1), torch.full((1, 1), number))  # noqa: E731
    pop = nst.Action(torch.zeros(1), torch.ones(1), torch.zeros(1, 1))
    state, _ = stack.step(stack.init(1, 3), push(1.0))
    one, _ = stack.step(state, push(2.0))
    other, _ = stack.step(state, push(3.0))
    assert [stack.step(branch, pop)[1].item() for branch in (one, other)] == [1.0, 1.0]
    assert stack.step(state, pop)[1].item() == 0.0


def test_gradients_of_a_superposition_stack_are_right_in_double_precision():
    stack = nst.SuperpositionStack(2, stacks=2, depth_read=2)
    raw = torch.randn(2, 6, stack.action_size, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda raw: stack.run(stack.decode(raw)), raw)


MISTAKES = {
    "HardStack's values must be at least 1 wide": lambda: nst.HardStack(0),
    "a superposition stack's sizes must be at least 1": lambda: nst.SuperpositionStack(2, stacks=0),
    "CompositeMemory needs at least one memory": lambda: nst.CompositeMemory(),
    r"HardStack takes push \[batch, steps\].*got push \[2, 3\], pop \[2, 3\], value \[2, 3, 5\]": lambda: nst.HardStack(
        4
    )(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 3, 5)),
    "HardStack's push must be 0 or 1, got 0.5": lambda: nst.HardStack(1)(
        torch.full((2, 3), 0.5), torch.ones(2, 3), torch.ones(2, 3, 1)
    ),
    r"SuperpositionStack takes operation \[batch, steps, 1, 3\]": lambda: nst.SuperpositionStack(2)(
        torch.ones(2, 3, 3), torch.ones(2, 3, 1, 2)
    ),
    "the weights of push, pop and no-op must add up to 1, got 3": lambda: nst.SuperpositionStack(2)(
        torch.ones(2, 3, 1, 3), torch.ones(2, 3, 1, 2)
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_refused_in_one_sentence(message):
    with pytest.raises(ValueError, match=message):
        MISTAKES[message]()

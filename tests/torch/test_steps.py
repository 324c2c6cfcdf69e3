"""Stack, queue and DeQue in PyTorch one step at a time: the same numbers as whole sequences."""

import pytest

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
from torch_bytes import LiveBytes  # noqa: E402

import neuralstack.torch as nst  # noqa: E402
from cases import quick  # noqa: E402
from neuralstack import kernels  # noqa: E402

MEMORIES = {"stack": nst.NeuralStack, "queue": nst.NeuralQueue, "deque": nst.NeuralDeque}
BATCH, STEPS, WIDTH = 3, 10, 2
needs_kernels = pytest.mark.skipif(not kernels.are_available(), reason="neuralstack was installed without its kernels")
FORMS = [pytest.param(None, id="kernels", marks=needs_kernels), pytest.param(False, id="plain")]


def draw(memory, seed=0, dtype=torch.float64, steps=STEPS):
    """Raw numbers of actions, and cotangents of the reads."""
    generator = torch.Generator().manual_seed(seed)
    sizes = memory.action_size, memory.read_size
    raw, cotangent = (torch.randn(BATCH, steps, size, generator=generator, dtype=dtype) for size in sizes)
    return (2 * raw).requires_grad_(), cotangent


def at(action, time):
    """The action of one step, of those of all."""
    return type(action)(*(at(part, time) for part in action)) if isinstance(action, tuple) else action[:, time]


def stepped(memory, action, times=range(STEPS), state=None, dtype=torch.float64):
    """The reads of some steps, and the states before the first and after each."""
    states, reads = [memory.init(BATCH, STEPS, dtype) if state is None else state], []
    for time in times:
        state, read = memory.step(states[-1], at(action, time))
        states.append(state)
        reads.append(read)
    return torch.stack(reads, 1), states


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_steps_read_what_whole_sequences_read_and_so_do_their_gradients(name, kernel, dtype):
    memory = MEMORIES[name](WIDTH, kernel=kernel)
    raw, cotangent = draw(memory, dtype=dtype)
    found, wanted = (
        (reads, *torch.autograd.grad(reads, raw, cotangent))
        for reads in (stepped(memory, memory.decode(raw), dtype=dtype)[0], memory.run(memory.decode(raw)))
    )
    tolerance = 0 if kernel is None else 1e-5 if dtype == torch.float32 else 1e-13
    for parts in zip(found, wanted, strict=True):
        torch.testing.assert_close(*parts, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kernel", FORMS)
def test_a_second_backward_pass_finds_the_same(kernel):
    memory = nst.NeuralStack(WIDTH, kernel=kernel)
    raw, cotangent = draw(memory)
    reads, _ = stepped(memory, memory.decode(raw))
    first, again = (torch.autograd.grad(reads, raw, cotangent, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("kernel", FORMS)
def test_a_backward_pass_that_stops_halfway_does_not_disturb_the_next(kernel):
    memory = nst.NeuralDeque(WIDTH, kernel=kernel)
    raw, cotangent = draw(memory)
    late = raw[:, 6:].detach().requires_grad_()
    reads, _ = stepped(memory, memory.decode(torch.cat([raw[:, :6], late], 1)))
    wanted = torch.autograd.grad(reads, (raw, late), cotangent, retain_graph=True)
    torch.autograd.grad(reads[:, 8].sum(), late, retain_graph=True)
    torch.autograd.grad(reads[:, 5].sum(), raw, retain_graph=True)
    for parts in zip(torch.autograd.grad(reads, (raw, late), cotangent), wanted, strict=True):
        assert torch.equal(*parts)


@pytest.mark.parametrize("taken", [("first",), ("second",), ("third",), ("first", "second"), ("first", "third")])
@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", quick(MEMORIES, "deque"))
def test_a_state_can_be_stepped_again_and_its_branches_have_gradients(name, kernel, taken):
    memory = MEMORIES[name](WIDTH, kernel=kernel)
    (raw, cotangent), (other, _) = draw(memory), draw(memory, seed=1)
    action, other_action = memory.decode(raw), memory.decode(other)
    reads, states = stepped(memory, action)
    branch, branch_states = stepped(memory, other_action, range(4, STEPS), states[4])
    again, _ = stepped(memory, action, range(6, STEPS), branch_states[2])
    found = {"first": reads, "second": branch, "third": again}
    joined = {"first": raw, "second": torch.cat([raw[:, :4], other[:, 4:]], 1)}
    joined["third"] = torch.cat([joined["second"][:, :6], raw[:, 6:]], 1)
    wanted = {branch: memory.run(memory.decode(part)) for branch, part in joined.items()}
    wanted = {"first": wanted["first"], "second": wanted["second"][:, 4:], "third": wanted["third"][:, 6:]}
    gradients = []
    for parts in (found, wanted):
        loss = sum((parts[one] * cotangent[:, -parts[one].shape[1] :]).sum() for one in taken)
        gradients.append(torch.autograd.grad(loss, (raw, other), allow_unused=True, materialize_grads=True))
    for parts in [*((found[one], wanted[one]) for one in taken), *zip(*gradients, strict=True)]:
        torch.testing.assert_close(*parts, rtol=0, atol=1e-13)


@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("kernel", FORMS)
def test_without_gradients_a_state_can_be_stepped_again_too(kernel, without):
    memory = nst.NeuralQueue(WIDTH, kernel=kernel)
    raw, _ = draw(memory)
    with without():
        reads, states = stepped(memory, memory.decode(raw))
        again, _ = stepped(memory, memory.decode(raw), range(3, STEPS), states[3])
        assert torch.equal(again, reads[:, 3:])
        torch.testing.assert_close(reads, memory.run(memory.decode(raw)), rtol=0, atol=1e-13)
    assert not reads.requires_grad


@pytest.mark.parametrize("kernel", FORMS)
def test_a_number_that_is_not_finite_breaks_its_own_sequence_from_its_step_on(kernel):
    memory = nst.NeuralStack(WIDTH, kernel=kernel)
    raw, cotangent = draw(memory)
    raw = raw.detach()
    raw[1, 4] = torch.nan
    raw.requires_grad_()
    found, wanted = (
        (reads, *torch.autograd.grad(reads, raw, cotangent))
        for reads in (stepped(memory, memory.decode(raw))[0], memory.run(memory.decode(raw)))
    )
    assert found[0].isnan().sum() == (STEPS - 4) * WIDTH
    for parts in zip(found, wanted, strict=True):
        torch.testing.assert_close(*parts, rtol=0, atol=1e-13, equal_nan=True)


@needs_kernels
def test_a_second_derivative_of_steps_is_refused():
    memory = nst.NeuralStack(WIDTH)
    raw, _ = draw(memory)
    (gradient,) = torch.autograd.grad(stepped(memory, memory.decode(raw))[0].sum(), raw, create_graph=True)
    with pytest.raises(RuntimeError, match="neither second derivatives nor forward mode"):
        gradient.sum().backward()


@needs_kernels
def test_transformations_of_steps_by_the_kernels_are_refused():
    stack = nst.NeuralStack(WIDTH)

    def read(push):
        return stack.step(stack.init(1, 1), nst.Action(push, push, torch.ones(1, WIDTH)))[1]

    with pytest.raises(RuntimeError, match=r"without vmap and the other transformations .* kernel=False"):
        torch.vmap(read)(torch.ones(2, 1))


@pytest.mark.parametrize("kernel", FORMS)
def test_the_space_for_a_sequence_of_steps_grows_with_its_length(kernel):
    memory, peaks = nst.NeuralStack(8, kernel=kernel), []
    for steps in (40, 80):
        raw, _ = draw(memory, steps=steps)
        with LiveBytes() as live:
            state, loss = memory.init(BATCH, steps, torch.float64), 0.0
            for one in raw.unbind(1):
                state, read = memory.step(state, memory.decode(one))
                loss = loss + read.square().sum()
            torch.autograd.grad(loss, raw)
        peaks.append(live.peak)
    assert peaks[1] < 2.3 * peaks[0]


@pytest.mark.parametrize("kernel", FORMS)
def test_reads_have_the_dtype_that_the_memory_was_given(kernel):
    stack = nst.NeuralStack(WIDTH, kernel=kernel)
    state = stack.init(1, 1, torch.bfloat16)
    action = nst.Action(torch.ones(1), torch.zeros(1), torch.ones(1, WIDTH, dtype=torch.bfloat16))
    assert stack.step(state, action)[1].dtype == torch.bfloat16

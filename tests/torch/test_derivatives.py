"""The derivatives of stack, queue and DeQue by autograd, `torch.func` and `torch.compile`, and the operators below."""

import pytest

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
from torch import library  # noqa: E402

import neuralstack.torch as nst  # noqa: E402
from cases import quick  # noqa: E402
from neuralstack import kernels  # noqa: E402

MEMORIES = {"stack": nst.NeuralStack, "queue": nst.NeuralQueue, "deque": nst.NeuralDeque}
BATCH, STEPS, WIDTH = 2, 5, 3
needs_kernels = pytest.mark.skipif(not kernels.are_available(), reason="neuralstack was installed without its kernels")
of_pytorch = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # which torch.func uses itself
FORMS = [pytest.param(None, id="kernels", marks=needs_kernels), pytest.param(False, id="plain")]


def draw(name, *more, requires_grad=True):
    """Strengths away from ties, and values."""
    generator = torch.Generator().manual_seed(0)
    shape = (*more, BATCH, STEPS, *((2,) if name == "deque" else ()))
    push, pop = 0.05 + 0.9 * torch.rand(2, *shape, generator=generator, dtype=torch.float64)
    values = torch.randn(*shape, WIDTH, generator=generator, dtype=torch.float64)
    return [part.clone().requires_grad_(requires_grad) for part in (push, pop, values)]


def loss_of(memory):
    return lambda *action: memory(*action).sin().sum()


@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_gradients_are_those_of_finite_differences(name, kernel):
    assert torch.autograd.gradcheck(MEMORIES[name](WIDTH, kernel=kernel), draw(name))


@of_pytorch
@pytest.mark.parametrize("name", quick(MEMORIES, "queue"))
def test_plain_pytorch_has_second_derivatives_and_forward_mode(name):
    memory = MEMORIES[name](WIDTH, kernel=False)
    assert torch.autograd.gradcheck(memory, draw(name), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(memory, draw(name), check_fwd_over_rev=True)


@of_pytorch
@needs_kernels
@pytest.mark.parametrize(
    "differentiate",
    [
        lambda loss, action: torch.autograd.gradgradcheck(loss, action),
        lambda loss, action: torch.autograd.grad(loss(*action), action[0], create_graph=True)[0].sum().backward(),
        lambda loss, action: torch.func.hessian(loss)(*action),
        lambda loss, action: torch.func.jacrev(torch.func.jacrev(loss))(*action),
        lambda loss, action: torch.func.jvp(loss, tuple(action), tuple(action)),
    ],
)
def test_derivatives_that_the_kernels_do_not_have_are_refused_with_a_way_out(differentiate):
    with pytest.raises(RuntimeError, match=r"neither second derivatives nor forward mode: create .* kernel=False"):
        differentiate(loss_of(nst.NeuralStack(WIDTH)), draw("stack"))


@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_functional_gradients_are_those_of_autograd_mapped_or_not(name, kernel):
    loss = loss_of(MEMORIES[name](WIDTH, kernel=kernel))
    mapped = draw(name, 3, requires_grad=False)
    found = torch.vmap(torch.func.grad(loss, (0, 1, 2)))(*mapped)
    for row in range(3):
        action = [part[row].clone().requires_grad_() for part in mapped]
        for parts in zip(torch.autograd.grad(loss(*action), action), (part[row] for part in found), strict=True):
            torch.testing.assert_close(*parts, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kernel", FORMS)
@pytest.mark.parametrize("name", MEMORIES)
def test_any_argument_can_be_mapped_over_any_axis(name, kernel):
    memory, action = MEMORIES[name](WIDTH, kernel=kernel), draw(name, requires_grad=False)
    for place in range(3):
        given, axes = [*action], [None] * 3
        given[place], axes[place] = torch.stack([action[place], action[place] / 2], 1), 1
        mapped = torch.vmap(memory, tuple(axes))(*given)
        wanted = [memory(*action[:place], one, *action[place + 1 :]) for one in given[place].unbind(1)]
        torch.testing.assert_close(mapped, torch.stack(wanted), rtol=0, atol=1e-14)


@pytest.mark.filterwarnings("ignore")  # of the compiler, about itself
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        pytest.param("stack", None, marks=needs_kernels),
        pytest.param("deque", None, marks=[needs_kernels, pytest.mark.slow]),
        pytest.param("deque", False, marks=pytest.mark.slow),
    ],
)
def test_a_compiled_memory_gives_the_same_numbers(name, kernel, backend):
    torch.compiler.reset()
    action, lengths = draw(name), torch.tensor([STEPS, 3])
    memory = MEMORIES[name](WIDTH, kernel=kernel)
    found = []
    for form in (memory, torch.compile(memory, fullgraph=True, backend=backend)):
        reads = form(*action, lengths)
        found.append((reads, *torch.autograd.grad(reads.sin().sum(), action)))
    for parts in zip(*found, strict=True):
        torch.testing.assert_close(*parts, rtol=0, atol=1e-14)


@needs_kernels
@pytest.mark.parametrize("name", quick(MEMORIES, "deque"))
def test_pytorch_finds_no_fault_in_the_operators(name):
    tracks = 2 if name == "deque" else 1
    push, pop = (part.detach().reshape(BATCH, STEPS, tracks) for part in draw(name)[:2])
    values, lengths = torch.randn(BATCH, STEPS, tracks, WIDTH, dtype=torch.float64), torch.tensor([STEPS, 2]).int()
    action = [part.clone().requires_grad_() for part in (push, pop, values)]
    library.opcheck(torch.ops.neuralstack.strength_reads.default, (name, *action, lengths))
    backward = torch.ops.neuralstack.strength_reads_backward.default
    library.opcheck(backward, (name, push, pop, values, lengths, torch.ones_like(values)))

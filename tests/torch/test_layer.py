import re
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from cases import quick

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402

LAYERS = {
    "feedforward": lambda: {"memory": ns.NeuralStack(3), "controller": "feedforward"},
    "attention": lambda: {"memory": ns.NeuralQueue(3), "controller": "attention", "heads": 2},
    "gru": lambda: {"memory": ns.NeuralDeque(3), "controller": "gru"},
}
BATCH, STEPS, SIZE = 3, 11, 5


def draw(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def starts_of(rows):
    starts = torch.zeros(BATCH, STEPS, dtype=torch.bool)
    for row, places in enumerate(rows):
        starts[row, list(places)] = True
    return starts


@pytest.mark.parametrize("name", quick(LAYERS, "attention"))
def test_a_layer_saved_with_jax_gives_the_same_outputs(tmp_path, name):
    layer = ns.MemoryLayer(SIZE, hidden=6, **LAYERS[name](), key=jax.random.key(0))
    ns.save(tmp_path / "layer", layer)
    loaded, inputs, starts = nst.load(tmp_path / "layer"), draw(BATCH, STEPS, SIZE), starts_of([(), (4, 5), (10,)])
    run = eqx.filter_jit(lambda *given: jax.vmap(layer)(*given))
    for packed in (None, starts):
        expected = run(jnp.asarray(inputs.numpy()), None if packed is None else jnp.asarray(packed.numpy()))
        np.testing.assert_allclose(loaded(inputs, packed).detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("controller", ["feedforward", "attention", "gru"])
def test_packed_sequences_give_the_outputs_and_gradients_of_each_alone(controller):
    torch.manual_seed(0)
    layer = nst.MemoryLayer(SIZE, memory=nst.NeuralStack(4), controller=controller, hidden=6)
    inputs, places = draw(BATCH, STEPS, SIZE), [(0, 3), (1, 2, 9), ()]
    packed, apart = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    together = layer(packed, starts_of(places))
    pieces = []
    for row, row_places in enumerate(places):
        bounds = [*sorted({0, *row_places}), STEPS]
        pieces += [layer(apart[row : row + 1, low:high])[0] for low, high in pairwise(bounds)]
    alone = torch.cat(pieces).unflatten(0, (BATCH, STEPS))
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    together.square().sum().backward()
    alone.square().sum().backward()
    torch.testing.assert_close(packed.grad, apart.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("controller", ["feedforward", "attention", "gru"])
def test_single_steps_give_the_outputs_of_a_whole_sequence(controller):
    torch.manual_seed(0)
    layer = nst.MemoryLayer(SIZE, memory=nst.NeuralQueue(4), controller=controller, hidden=6, heads=2)
    inputs, outputs, state = draw(BATCH, STEPS, SIZE), [], layer.init(BATCH, STEPS)
    for x in inputs.unbind(1):
        state, output = layer.step(state, x)
        outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs, 1), layer(inputs), atol=1e-5, rtol=0)


class Windowed(torch.nn.Module):
    """A causal convolution over three steps."""

    def __init__(self):
        super().__init__()
        self.convolve = torch.nn.Conv1d(SIZE, 6, 3)

    def forward(self, inputs):
        return self.convolve(torch.nn.functional.pad(inputs.transpose(1, 2), (2, 0))).transpose(1, 2)


def test_a_module_of_the_users_is_a_controller():
    layer = nst.MemoryLayer(SIZE, controller=Windowed(), hidden=6)
    assert layer(draw(BATCH, STEPS, SIZE)).shape == (BATCH, STEPS, SIZE)
    assert layer(draw(BATCH, STEPS, SIZE), starts_of([(), (3,), (4, 5)])).shape == (BATCH, STEPS, SIZE)
    with pytest.raises(TypeError, match=re.escape("one step at a time needs a controller with init(batch, steps)")):
        layer.init(BATCH, STEPS)


MISTAKES = {
    "a memory layer's sizes must be at least 1, got size=0": (ValueError, lambda: nst.MemoryLayer(0)),
    "attention needs heads, at least 1, that divide its width": (
        ValueError, lambda: nst.MemoryLayer(5, controller="attention", heads=3),
    ),
    "unknown controller 'lstm'": (ValueError, lambda: nst.MemoryLayer(5, controller="lstm")),
    "or one of attention, feedforward, gru, got the class Linear": (
        TypeError, lambda: nst.MemoryLayer(5, controller=torch.nn.Linear),
    ),
    "memory must be an object such as neuralstack.torch.NeuralStack(64)": (
        TypeError, lambda: nst.MemoryLayer(5, memory="stack"),
    ),
    "starts must be booleans of shape [3, 11], one for each step, got torch.int64 of shape [3, 11]": (
        ValueError, lambda: nst.MemoryLayer(SIZE)(draw(BATCH, STEPS, SIZE), torch.zeros(BATCH, STEPS).long()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_refused_in_one_sentence(message):
    kind, mistake = MISTAKES[message]
    with pytest.raises(kind, match=re.escape(message)):
        mistake()

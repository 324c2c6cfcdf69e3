import re

import jax
import numpy as np
import pytest

import neuralstack as ns
from cases import CONTROLLERS_UNDER_TEST

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402

nn = torch.nn
CONTROLLERS = {
    "elman": lambda: nst.Elman(4, 6, num_layers=2),
    "feedforward": lambda: nst.Feedforward(4, 6, num_layers=2),
    "gru": lambda: nst.GRU(4, 6, num_layers=2),
    "lstm": lambda: nst.LSTM(4, 6, num_layers=2),
    "multiplicative": lambda: nst.Multiplicative(4, 6, num_layers=2),
    "RNNCell": lambda: nn.RNNCell(4, 6),
    "RNNCell of rectified units": lambda: nn.RNNCell(4, 6, nonlinearity="relu"),
    "GRUCell": lambda: nn.GRUCell(4, 6),
    "GRUCell without bias": lambda: nn.GRUCell(4, 6, bias=False),
    "LSTMCell": lambda: nn.LSTMCell(4, 6),
}
MEMORIES = {
    "deque": lambda: nst.NeuralDeque(4),
    "hard": lambda: nst.HardStack(4),
    "superposition": lambda: nst.SuperpositionStack(3, stacks=2),
    "several": lambda: nst.CompositeMemory(nst.HardStack(2), nst.SuperpositionStack(3)),
}


def draw(batch=3, steps=9, vocab=5):
    return torch.randint(vocab, (batch, steps))


def step_by_step(machine, tokens):
    state, answers = machine.init(*tokens.shape), []
    for token in tokens.unbind(1):
        state, logits = machine.step(state, token)
        answers.append(logits)
    return torch.stack(answers, 1)


def gradients(machine, logits):
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), torch.arange(logits.shape[:2].numel()) % 5)
    return torch.autograd.grad(loss, list(machine.parameters()), allow_unused=True)


@pytest.mark.parametrize("connection", ["layer", "feedback"])
@pytest.mark.parametrize("name", CONTROLLERS)
def test_whole_sequences_equal_single_steps(name, connection):
    torch.manual_seed(0)
    machine, tokens = nst.Machine(CONTROLLERS[name](), nst.HardStack(3), 5, connection=connection), draw()
    whole, stepped = machine(tokens), step_by_step(machine, tokens)
    assert whole.shape == (3, 9, 5)
    torch.testing.assert_close(whole, stepped, atol=1e-6, rtol=0)
    for one, other in zip(gradients(machine, whole), gradients(machine, stepped), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("memory", MEMORIES)
def test_every_weight_has_a_gradient(memory):
    torch.manual_seed(0)
    machine = nst.Machine(nst.GRU(4, 6), MEMORIES[memory](), 5, connection="skip")
    named = zip(machine.named_parameters(), gradients(machine, machine(draw())), strict=True)
    still = [name for (name, parameter), gradient in named if parameter.numel() and not gradient.any()]
    assert still == []


@pytest.mark.parametrize("name", CONTROLLERS_UNDER_TEST)
def test_initial_weights_are_drawn_as_those_of_jax(name):
    torch.manual_seed(0)
    theirs = CONTROLLERS_UNDER_TEST[name](40, 50, num_layers=2, key=jax.random.key(0))
    ours = nst.CONTROLLERS[name](40, 50, num_layers=2)
    for number, layer in enumerate(ours.layers):
        for field, weights in layer.named_parameters():
            if "." in field:
                continue
            expected = np.asarray(getattr(theirs.layers[number], field))
            found = weights.detach().numpy()
            assert found.shape == expected.shape
            np.testing.assert_allclose(found.std(), expected.std(), rtol=0.08)
            np.testing.assert_allclose(np.abs(found).max(), np.abs(expected).max(), rtol=0.3)
            if "bias" in field or "initial" in field:
                np.testing.assert_array_equal(found, expected)


def test_a_machine_starts_with_the_scales_of_its_connection():
    torch.manual_seed(0)
    connection = nst.Connection(gate_scale=3.0, value_scale=0.1, embedding_scale=0.5)
    machine = nst.Machine(nst.GRU(40, 50), nst.HardStack(64), 100, connection=connection)
    limits = [scale * (6 / (50 + width)) ** 0.5 for scale, width in ((3.0, 1), (0.1, 64))]
    gates, values = machine.actions.action_weights[:, :2], machine.actions.action_weights[:, 2:]
    for weights, limit in zip((gates, values), limits, strict=True):
        assert 0.9 * limit < weights.abs().max() <= limit
    assert machine.embedding.std().item() == pytest.approx(0.5, rel=0.05)
    assert machine.actions.action_bias[:3].tolist() == [1.0, -1.0, 0.0]


def test_sequences_of_different_lengths_are_run_as_if_alone():
    torch.manual_seed(0)
    machine, tokens = nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5, connection="skip"), draw()
    lengths = torch.tensor([9, 4, 1])
    together = machine(tokens, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = machine(tokens[row : row + 1, :length])
        torch.testing.assert_close(together[row : row + 1, :length], alone, atol=1e-6, rtol=0)


def test_a_record_of_every_step_holds_actions_reads_and_hidden_vectors():
    machine, tokens = nst.Machine(nst.GRU(4, 6), nst.HardStack(3), 5), draw()
    steps = machine.run(tokens)
    assert steps.action.push.shape == (3, 9)
    assert steps.read.shape == (3, 9, 3)
    assert steps.hidden.shape == (3, 9, 6)
    torch.testing.assert_close(steps.logits, machine(tokens))


def test_a_quantized_machine_has_states_and_values_of_whole_numbers():
    machine = nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5, quantized=True)
    steps = machine.run(draw())
    for numbers in (steps.hidden, steps.action.value, steps.action.push):
        assert set(numbers.unique().tolist()) <= {-1.0, 0.0, 1.0}


MISTAKES = {
    "memory must be an object such as neuralstack.torch.NeuralStack(8), got an object of type NeuralStack": (
        TypeError, lambda: nst.Machine(nst.GRU(4, 6), ns.NeuralStack(4), 5),
    ),
    "controller must be an object such as nn.GRUCell(16, 32)": (
        TypeError, lambda: nst.Machine(nn.GRU(4, 6), nst.HardStack(4), 5),
    ),
    "controller must be an object such as nn.GRUCell(16, 32) or neuralstack.torch.GRU(16, 32), got the class GRU": (
        TypeError, lambda: nst.Machine(nst.GRU, nst.HardStack(4), 5),
    ),
    "vocab_size must be at least 1, got 0": (ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 0)),
    "vocab_size must be an integer, got 2.0": (TypeError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 2.0)),
    "NoMemory reads nothing: use connection 'paper'": (
        ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.NoMemory(), 5),
    ),
    "unknown connection 'layers': did you mean 'layer'?": (
        ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5, connection="layers"),
    ),
    "values_repeat_read needs a memory whose reads are as wide as its values, got 6 and 3": (
        ValueError,
        lambda: nst.Machine(
            nst.GRU(4, 6),
            nst.SuperpositionStack(3, depth_read=2),
            5,
            connection=nst.Connection(values_repeat_read=True),
        ),
    ),
    "quantization needs a memory with push and pop strengths": (
        ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.SuperpositionStack(3), 5, quantized=True),
    ),
    "the sizes of a controller must be integers of at least 1": (ValueError, lambda: nst.GRU(0, 6)),
    "tokens must be a tensor of integers from 0 to 4, got torch.float32": (
        TypeError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5)(torch.ones(2, 3)),
    ),
    "tokens must be of shape [batch, steps], with at least one step, got [3]": (
        ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5)(torch.tensor([0, 1, 2])),
    ),
    "tokens must be from 0 to 4, got 7": (
        ValueError, lambda: nst.Machine(nst.GRU(4, 6), nst.HardStack(4), 5)(torch.tensor([[0, 7]])),
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_refused_in_one_sentence(message):
    kind, mistake = MISTAKES[message]
    with pytest.raises(kind, match=re.escape(message)):
        mistake()

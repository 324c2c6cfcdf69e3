"""The variants that `frameworks.py` measures: for each, a function from a number of steps to a call and its memory."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import torch
from torch import nn

import neuralstack as ns
import neuralstack.torch as nst

BATCH, WIDTH, VOCABULARY = 50, 64, 131
MOST_STEPS_CLOSED = 4096
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
Call = Callable[[], object]


def jax_call(loss: Callable, *arguments) -> tuple[Call, int]:
    """Return a compiled gradient as a call, and the bytes that it needs beyond its inputs and outputs."""
    program = eqx.filter_jit(eqx.filter_value_and_grad(loss)).lower(*arguments).compile()
    size = program.compiled.memory_analysis().temp_size_in_bytes
    return lambda: jax.block_until_ready(program(*arguments)), size


def jax_network(memory: ns.AbstractMemory, connection: str) -> Callable[[int], tuple[Call, int]]:
    """Return the builder of a machine's gradient."""

    def build(steps: int) -> tuple[Call, int]:
        controller = ns.LSTM(WIDTH, WIDTH, key=jax.random.key(1))
        machine = ns.Machine(controller, memory, VOCABULARY, connection=connection, key=jax.random.key(0))
        tokens, targets = jax.random.randint(jax.random.key(1), (2, steps, BATCH), 0, VOCABULARY)

        def loss(machine, tokens, targets):
            logits = machine.batch(tokens).logits
            return ns.cross_entropy(logits, targets, jnp.ones(targets.shape, bool)).mean()

        return jax_call(loss, machine, tokens, targets)

    return build


class LSTM(nn.Module):
    """PyTorch's LSTM alone, time first: embedding, network and answer."""

    def __init__(self):
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(VOCABULARY, WIDTH), nn.LSTM(WIDTH, WIDTH)
        self.answer, self.output = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens):
        return self.output(torch.tanh(self.answer(self.lstm(self.embedding(tokens))[0])))


class StackLSTM(LSTM):
    """The same with a stack as a layer between network and answer, as the connection `layer` has it."""

    def __init__(self, stack: Callable):
        super().__init__()
        self.heads, self.stack = nn.Linear(WIDTH, WIDTH + 2), stack

    def forward(self, tokens):
        embedded = self.embedding(tokens)
        raw = self.heads(self.lstm(embedded)[0])
        strengths, value = raw.split([2, WIDTH], -1)
        push, pop = torch.sigmoid(strengths).unbind(-1)
        batch_first = [part.transpose(0, 1) for part in (push, pop, torch.tanh(value + embedded))]
        reads = self.stack(*batch_first).transpose(0, 1)
        return self.output(torch.tanh(self.answer(reads)))


class BatchFirst(nn.Module):
    """A machine of `neuralstack.torch` for tokens that come time first."""

    def __init__(self, machine: nn.Module):
        super().__init__()
        self.machine = machine

    def forward(self, tokens):
        return self.machine(tokens.transpose(0, 1)).transpose(0, 1)


def formula(push, pop, value):
    """Return the reads of a stack as in equations 1 to 3 of Grefenstette et al. (2015), batch first.

    The sums over all elements above one are a product with a triangular matrix.
    """
    batch, steps, _ = value.shape
    above = torch.tril(torch.ones(steps, steps, device=value.device), -1)
    strengths, reads = value.new_zeros(batch, steps), []
    for time_step in range(steps):
        left = torch.relu(pop[:, time_step, None] - strengths @ above)
        strengths = torch.relu(strengths - left)
        strengths = torch.cat([strengths[:, :time_step], push[:, time_step, None], strengths[:, time_step + 1 :]], 1)
        weights = torch.minimum(strengths, torch.relu(1 - strengths @ above))
        reads.append((weights[:, None] @ value)[:, 0])
    return torch.stack(reads, 1)


def torch_call(module: nn.Module, loss: Callable, *arguments: torch.Tensor) -> Call:
    """Return the gradient of a module as a call."""

    def call():
        module.zero_grad(set_to_none=True)
        loss(module, *arguments).backward()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    return call


def torch_network(build_module: Callable[[], nn.Module]) -> Callable[[int], tuple[Call, None]]:
    """Return the builder of a module's gradient."""

    def build(steps: int) -> tuple[Call, None]:
        tokens, targets = torch.randint(VOCABULARY, (2, steps, BATCH), device=DEVICE)

        def loss(module, tokens, targets):
            return nn.functional.cross_entropy(module(tokens).flatten(0, 1), targets.flatten())

        return torch_call(build_module().to(DEVICE), loss, tokens, targets), None

    return build


def jax_layer(memory: ns.AbstractMemory) -> Callable[[int], tuple[Call, int]]:
    """Return the builder of a memory layer's gradient."""

    def build(steps: int) -> tuple[Call, int]:
        layer = ns.MemoryLayer(WIDTH, memory=memory, key=jax.random.key(0))
        inputs = jax.random.normal(jax.random.key(1), (1, steps, WIDTH))
        return jax_call(lambda layer, inputs: (jax.vmap(layer)(inputs) ** 2).sum(), layer, inputs)

    return build


def jax_closed(steps: int) -> tuple[Call, int]:
    """Return the gradient of a memory layer by the closed form."""
    if steps > MOST_STEPS_CLOSED:
        raise MemoryError("the matrix of weights is too large")
    layer = ns.MemoryLayer(WIDTH, key=jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (steps, WIDTH))

    def loss(layer, inputs):
        push, pop, value = layer.act(inputs)
        return (jax.vmap(layer.answer)(ns.read_weights(push, pop) @ value) ** 2).sum()

    return jax_call(loss, layer, inputs)


def torch_layer(stack: Callable[[], nn.Module]) -> Callable[[int], tuple[Call, None]]:
    """Return the builder of a memory layer's gradient in PyTorch."""

    def build(steps: int) -> tuple[Call, None]:
        inputs = torch.randn(1, steps, WIDTH, device=DEVICE)
        layer = nst.MemoryLayer(WIDTH, memory=stack()).to(DEVICE)
        return torch_call(layer, lambda layer, inputs: (layer(inputs) ** 2).sum(), inputs), None

    return build


def machine() -> nn.Module:
    """Return the machine of the variant `torch feedback`."""
    return nst.Machine(nn.LSTMCell(WIDTH, WIDTH), nst.NeuralStack(WIDTH), VOCABULARY, connection="feedback")


KERNELS_RUN = DEVICE.type == "cpu" and jax.default_backend() == "cpu"
"""Whether the C++ kernels run on the device that is measured."""
NETWORKS = {
    "jax lstm": jax_network(ns.NoMemory(), "paper"),
    "jax layer": jax_network(ns.NeuralStack(WIDTH), "layer"),
    "jax feedback": jax_network(ns.NeuralStack(WIDTH), "feedback"),
    "jax pure": jax_network(ns.NeuralStack(WIDTH, kernel=False), "layer"),
    "torch lstm": torch_network(LSTM),
    "torch layer": torch_network(lambda: StackLSTM(nst.NeuralStack(WIDTH))),
    "torch feedback": torch_network(lambda: BatchFirst(machine())),
    "torch pure": torch_network(lambda: StackLSTM(nst.NeuralStack(WIDTH, kernel=False))),
    "torch formula": torch_network(lambda: StackLSTM(formula)),
}
LAYERS = {
    "jax kernel": jax_layer(ns.NeuralStack(WIDTH)),
    "jax pure": jax_layer(ns.NeuralStack(WIDTH, kernel=False)),
    "jax closed": jax_closed,
    "torch kernel": torch_layer(lambda: nst.NeuralStack(WIDTH)),
    "torch pure": torch_layer(lambda: nst.NeuralStack(WIDTH, kernel=False)),
}
SETTINGS = {"network": NETWORKS, "layer": LAYERS}
WITH_KERNELS = {"jax layer", "jax feedback", "torch layer", "torch feedback", "jax kernel", "torch kernel"}

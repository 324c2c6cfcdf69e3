"""A machine: an embedding, a controller, the memory it acts on, and an answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from neuralstack._activations import tanh
from neuralstack._lookup import lookup
from neuralstack.controllers import AbstractController, AbstractLayer, Controller, glorot
from neuralstack.machine._connection import CONNECTIONS, Connection
from neuralstack.machine._unroll import unroll
from neuralstack.memories import AbstractMemory, NoMemory


class Step(NamedTuple):
    """What a machine shows of one step, or of every step of a sequence."""

    output: Float[Array, "*steps symbols"]
    action: Any
    read: Float[Array, "*steps read"]
    strengths: Float[Array, "*steps cells"]
    hidden: Float[Array, "*steps hidden"]


class BatchSteps(NamedTuple):
    """What training needs of every step of a batch, time first."""

    output: Float[Array, "steps batch vocabulary"]
    action: Any
    hidden: Float[Array, "steps batch hidden"]
    raw: Float[Array, "steps batch action"]
    """What the action was read from."""
    state: PyTree[Float[Array, "batch ..."]]
    """The controller's state after the last step; no gradient goes back through it."""


Choose = Callable[[Array, Any], Any]
"""From the raw numbers of an action, and what else is known of its step, to the action."""


class MachineState(NamedTuple):
    """What a machine carries from one step to the next."""

    controller: PyTree[Array]
    memory: PyTree[Array]
    read: Float[Array, " read"]


class Machine(eqx.Module):
    """A controller that acts on a memory, from tokens to the logits of the next token.

    Args:
        memory: The memory, without weights.
        layer: The kind of the controller's layers, one of `CONTROLLERS`.
        vocabulary: Number of different tokens.
        hidden: Width of the controller's layers.
        layers: Number of the controller's layers.
        embedding: Width of the embedding of a token.
        connection: One of `CONNECTIONS`.
        key: Source of the first weights.

    Raises:
        ValueError: If a size is below 1, the connection is unknown, or it cannot join these parts.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> machine = ns.Machine(ns.NeuralStack(width=8), ns.GRULayer, 5, hidden=16, embedding=8, key=jax.random.key(0))
        >>> machine(jnp.array([0, 3, 4])).shape  # the logits of 5 tokens, after each of 3 steps
        (3, 5)
        >>> machine.trace(jnp.array([0, 3, 4])).strengths.shape  # what is left of each element, after each step
        (3, 3)
    """

    embedding: Float[Array, "vocabulary embedding"]
    controller: AbstractController
    memory: AbstractMemory
    feedback: Float[Array, "fed projected"]
    action_weights: Float[Array, "hidden action"]
    action_bias: Float[Array, " action"]
    answer_weights: Float[Array, "shown hidden"]
    answer_bias: Float[Array, " hidden"] | None
    output_weights: Float[Array, "hidden vocabulary"]
    output_bias: Float[Array, " vocabulary"]
    connection: Connection = eqx.field(static=True)

    def __init__(
        self,
        memory: AbstractMemory,
        layer: type[AbstractLayer],
        vocab_size: int,
        *,
        hidden: int = 64,
        layers: int = 1,
        embedding: int = 64,
        connection: str = "layer",
        key: PRNGKeyArray,
    ):
        self.connection = lookup("connection", CONNECTIONS, connection)
        if min(vocab_size, embedding) < 1:
            raise ValueError(f"a machine's sizes must be at least 1, got {vocab_size=}, {embedding=}.")
        if self.connection.answer_from == "read" and memory.read_size == 0:
            raise ValueError(
                f"connection {connection!r} answers from what the memory reads, but {type(memory).__name__} reads "
                "nothing: use connection 'paper'."
            )
        others = [width for width in memory.value_widths if width != embedding]
        if self.connection.value_sees_input and others:
            raise ValueError(
                f"connection {connection!r} adds the embedding to the pushed value, so both must be equally wide, got "
                f"an embedding of {embedding} and values of {others[0]}."
            )
        keys = jax.random.split(key, 6)
        self.memory = memory
        self.embedding = jax.random.normal(keys[0], (vocab_size, embedding)) / 8
        self.controller = Controller.of(
            layer, embedding, hidden, layers=layers, input_scale=self.connection.input_scale, key=keys[1]
        )
        fed = memory.read_size if self.connection.feedback else 0
        self.feedback = glorot(keys[2], fed, self.controller.projected_size)
        self.action_weights = draw_heads(
            keys[3], hidden, memory.gate_widths, memory.value_widths, self.connection.gate_scale
        )
        self.action_bias = memory.initial_bias()
        shown = {"read": memory.read_size, "controller": hidden, "both": memory.read_size + hidden}
        self.answer_weights = glorot(keys[4], shown[self.connection.answer_from], hidden)
        self.answer_bias = None if self.connection.answer_from == "read" else jnp.zeros(hidden)
        self.output_weights = glorot(keys[5], hidden, vocab_size)
        self.output_bias = jnp.zeros(vocab_size)

    @jax.jit
    def __call__(self, tokens: Int[Array, " steps"]) -> Float[Array, "steps vocabulary"]:
        """Run one sequence from empty and return the logits after each step."""
        return self.batch(tokens[:, None]).output[:, 0]

    @jax.jit
    def trace(self, tokens: Int[Array, " steps"]) -> Step:
        """Run one sequence from empty, step by step, and keep everything worth looking at."""
        return jax.lax.scan(lambda state, token: self.step(state, token), self.init(len(tokens)), tokens)[1]

    def init(self, steps: int) -> MachineState:
        """Return the state before the first of `steps` steps."""
        dtype = self.embedding.dtype
        return MachineState(
            self.controller.init(), self.memory.init(steps, dtype), jnp.zeros(self.memory.read_size, dtype)
        )

    def step(self, state: MachineState, token: Int[Array, ""]) -> tuple[MachineState, Step]:
        """Take one step of one sequence: the controller acts, the memory is read, the answer is given."""
        embedded = self.embedding[token]
        projected = self.controller.project(embedded) + self.fed_back(state.read)
        controller, hidden = self.controller.step(state.controller, projected)
        action = self.memory.decode(self.raw_action(hidden, embedded))
        memory, read = self.memory.step(state.memory, action)
        shown = Step(self.logits(hidden, read), action, read, self.memory.strengths(memory), hidden)
        return MachineState(controller, memory, read), shown

    def batch(
        self,
        tokens: Int[Array, "steps batch"],
        steps: Int[Array, ""] | int | None = None,
        *,
        choose: Choose | None = None,
        known: PyTree[Float[Array, "steps batch ..."]] = (),
        state: PyTree[Float[Array, "batch ..."]] | None = None,
        noise: Float[Array, "steps batch projected"] | None = None,
    ) -> BatchSteps:
        """Run a batch, time first, to `steps` steps (all, unless said), with a memory that is empty at first.

        `steps` may be known at run time only; what comes after it is not defined. Gradients need memory linear in the
        number of steps.

        Args:
            tokens: What it is given.
            steps: How many steps to run.
            choose: How an action follows from its raw numbers and what is `known` at its step, for training that
                prescribes or draws actions; unless said, as the memory decodes them.
            known: What `choose` is told of each step.
            state: The controller's state before the first step, of each sequence; unless said, the learned one.
            noise: What is added to the controller's projected inputs; unless said, nothing.
        """
        steps = jnp.asarray(len(tokens) if steps is None else steps)
        decode = choose or (lambda raw, known: self.memory.decode(raw))
        embedded = self.embedding[tokens]
        projected = self.controller.project(self.embedding)[tokens]
        projected = projected if noise is None else projected + noise
        state = self.start(tokens.shape[1]) if state is None else state
        if self.connection.feedback and self.memory.read_size:

            def act(machine, state, inputs, read):
                projected, embedded, known = inputs
                state, hidden = machine.controller.step(state, projected + machine.fed_back(read))
                return state, hidden, decode(machine.raw_action(hidden, embedded), known)

            hidden, action, read, state = unroll(act, self.memory, self, state, (projected, embedded, known), steps)
            raw = self.raw_action(hidden, embedded)
        else:

            def step(controller, state, inputs, _):
                return *controller.step(state, inputs), jnp.zeros(0, inputs.dtype)

            hidden, _, _, state = unroll(step, NoMemory(), self.controller, state, projected, steps)
            raw = self.raw_action(hidden, embedded)
            action = decode(raw, known)
            read = jax.vmap(self.memory.run, in_axes=(1, None), out_axes=1)(action, steps)
        return BatchSteps(self.logits(hidden, read), action, hidden, raw, state)

    def start(self, batch: int) -> PyTree[Float[Array, "batch ..."]]:
        """Return the controller's learned state before the first step, for each sequence of a batch."""
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), self.controller.init())

    def fed_back(self, read: Float[Array, "*steps read"]) -> Float[Array, "*steps projected"]:
        """Return what a read adds to the controller's projected input."""
        return (self.connection.feedback * read[..., : len(self.feedback)]) @ self.feedback

    def raw_action(
        self, hidden: Float[Array, "*steps hidden"], embedded: Float[Array, "*steps embedding"]
    ) -> Float[Array, "*steps action"]:
        """Return the raw numbers of the action that a controller which shows `hidden` takes."""
        raw = hidden @ self.action_weights + self.action_bias
        if not self.connection.value_sees_input:
            return raw
        values = len(self.memory.value_widths) * [embedded]
        gates = jnp.zeros((*raw.shape[:-1], sum(self.memory.gate_widths)), raw.dtype)
        return raw + jnp.concatenate([gates, *values], axis=-1)

    def logits(
        self, hidden: Float[Array, "*steps hidden"], read: Float[Array, "*steps read"]
    ) -> Float[Array, "*steps vocabulary"]:
        """Return the logits of the answer at steps where a controller shows `hidden` and the memory gives `read`."""
        if self.answer_bias is None:
            answer = read @ self.answer_weights
        else:
            shown = jnp.concatenate([read, hidden], -1) if self.connection.answer_from == "both" else hidden
            answer = tanh(shown @ self.answer_weights + self.answer_bias)
        return answer @ self.output_weights + self.output_bias


def draw_heads(
    key: PRNGKeyArray, hidden: int, gate_widths: tuple[int, ...], value_widths: tuple[int, ...], gate_scale: float
) -> Float[Array, "{hidden} action"]:
    """Draw the weights from a controller to the parts of a raw action: what to do, and with which values.

    Each head is a matrix of its own: drawn as one, the strengths would start with the small weights of a wide value,
    and a machine that cannot tell reading from answering by its strengths for long enough gets stuck.
    """
    widths = gate_widths + value_widths
    scales = [gate_scale] * len(gate_widths) + [1.0] * len(value_widths)
    keys = jax.random.split(key, len(widths))
    heads = [scale * glorot(key, hidden, width) for key, width, scale in zip(keys, widths, scales, strict=True)]
    return jnp.concatenate([jnp.zeros((hidden, 0)), *heads], axis=1)

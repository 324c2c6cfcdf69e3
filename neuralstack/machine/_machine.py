"""A machine: an embedding, a controller, the memory it acts on, and an answer."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from neuralstack._arguments import require_object
from neuralstack._connection import Connection, as_connection
from neuralstack.controllers import AbstractController, as_controller, glorot
from neuralstack.machine._act import act
from neuralstack.machine._answer import answer
from neuralstack.machine._batch_run import BatchInputs, run_batch
from neuralstack.machine._describe import as_html, as_text, unhashable
from neuralstack.machine._direct import DirectPaths
from neuralstack.machine._heads import draw_heads, draw_input_maps
from neuralstack.machine._parts import check_parts, check_readout, check_rounding
from neuralstack.machine._quantization import QuantizationNoise, draw_masks, rounding_of
from neuralstack.machine._steps import BatchSteps, Decode, MachineState, Step
from neuralstack.machine._tokens import Tokens, check_tokens, look_up
from neuralstack.memories import AbstractMemory


class Machine(eqx.Module):
    """A controller that acts on a memory and maps tokens to logits.

    It handles one sequence; for a batch use `jax.vmap(machine)`, or `machine.batch` for training. If the values of the
    memory and the embedding have different widths, a learned linear map connects them.

    Args:
        controller: The controller, such as `ns.GRU(16, 32, key=key)`; an `eqx.nn.GRUCell` or `eqx.nn.LSTMCell`; or any
            module with `init()` and `step(state, x)`.
        memory: The memory, such as `ns.NeuralStack(8)`.
        vocab_size: Number of different tokens.
        connection: Connection between the parts: an `ns.Connection`, or the name of one of `ns.CONNECTIONS`.
        embedding_dim: Width of the embedding of a token, for a controller without an `input_size`. Defaults to the
            controller's input size.
        readout: A second controller, after the memory, from which the answer comes; it sees at each step what
            `connection.answer_from` says. The actions then need not wait for what follows from the reads. Defaults to
            none: the answer follows from that step alone.
        quantized: Whether all states, hidden vectors, gates and values are rounded to -1, 0 or 1.
        key: Source of the initial weights.

    Raises:
        TypeError: If a part is not an object of its kind.
        ValueError: If a size is below 1, the connection is unknown or cannot join these parts, or a machine with this
            memory cannot be rounded.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> key = jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(8, 16, key=key), ns.NeuralStack(width=8), 5, key=key)
        >>> machine(jnp.array([0, 3, 4])).shape  # the logits of 5 tokens, after each of 3 steps
        (3, 5)
        >>> machine.trace(jnp.array([0, 3, 4])).strengths.shape  # what is left of each element, after each step
        (3, 3)
        >>> jax.vmap(machine)(jnp.array([[0, 3, 4], [1, 1, 2]])).shape  # a batch
        (2, 3, 5)
    """

    embedding: Float[Array, "vocab embedding"]
    controller: AbstractController
    memory: AbstractMemory
    feedback: Float[Array, "fed projected"]
    action_weights: Float[Array, "hidden seeing"]
    action_bias: Float[Array, " action"]
    input_maps: tuple[Float[Array, "embedding value"] | None, ...]
    answer_weights: Float[Array, "source hidden"]
    answer_bias: Float[Array, " hidden"] | None
    output_weights: Float[Array, "hidden vocab"]
    output_bias: Float[Array, " vocab"]
    direct: DirectPaths | None
    readout: AbstractController | None
    connection: Connection = eqx.field(static=True)
    quantized: bool = eqx.field(static=True)
    carries_state: ClassVar[bool] = True

    def __init__(
        self,
        controller: Any,
        memory: AbstractMemory,
        vocab_size: int,
        *,
        connection: Connection | str = "layer",
        embedding_dim: int | None = None,
        readout: Any = None,
        quantized: bool = False,
        key: PRNGKeyArray,
    ):
        check_parts(controller, memory, vocab_size, connection)
        if readout is not None:
            check_readout(readout)
        if quantized:
            check_rounding(memory)
        self.connection = as_connection(connection)
        self.controller = as_controller(controller, embedding_dim)
        self.memory = memory
        width, hidden = self.controller.input_size, self.controller.hidden_size
        keys = jax.random.split(key, 6)
        self.embedding = self.connection.embedding_scale * jax.random.normal(keys[0], (vocab_size, width))
        fed = memory.read_size if self.connection.feedback else 0
        self.feedback = glorot(keys[2], fed, self.controller.projected_size)
        self.action_weights = draw_heads(keys[3], hidden, memory, self.connection)
        self.action_bias = memory.initial_bias()
        maps = draw_input_maps(jax.random.fold_in(key, 6), memory, width)
        self.input_maps = maps if self.connection.value_sees_input else ()
        sources = {"read": memory.read_size, "controller": hidden, "both": memory.read_size + hidden}
        source = sources[self.connection.answer_from]
        self.readout = None if readout is None else as_controller(readout, embedding_dim=None)
        answer = (hidden, hidden) if self.readout is None else (self.readout.input_size, self.readout.hidden_size)
        self.answer_weights = glorot(keys[4], source, answer[0])
        self.answer_bias = None if self.connection.answer_from == "read" else jnp.zeros(answer[0])
        self.output_weights = glorot(keys[5], answer[1], vocab_size)
        self.output_bias = jnp.zeros(vocab_size)
        direct_key = jax.random.fold_in(key, 7)
        paths = DirectPaths(self.connection, memory, width, hidden, key=direct_key)
        self.direct = paths if self.connection.has_direct_paths else None
        self.quantized = quantized

    def __repr__(self):
        try:
            return as_text(self)
        except (AttributeError, TypeError):  # partly initialized, or with something else in place of its arrays
            return eqx.tree_pformat(self) if hasattr(self, "connection") else "Machine(...)"

    def _repr_html_(self) -> str:
        return as_html(self)

    def __hash__(self):
        try:
            return super().__hash__()
        except TypeError as error:
            raise TypeError(unhashable("machine", "tokens")) from error

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return len(self.embedding)

    def __call__(self, tokens: Tokens) -> Float[Array, "steps vocab"]:
        """Run one sequence from an empty memory and return the logits after each step.

        Under `jax.jit`, where tokens cannot be checked against the vocabulary, a token outside it gives NaN.

        Raises:
            TypeError: If the tokens are not integers.
            ValueError: If they are not one sequence, or one of them is outside the vocabulary.
        """
        return _logits(self, check_tokens(tokens, self.vocab_size, axes=1))

    def trace(self, tokens: Tokens) -> Step:
        """Run one sequence from an empty memory, step by step, and return a record of every step.

        It is a plain `lax.scan` without kernels: use it for `jax.export` with symbolic lengths, and for derivatives of
        gradients, such as Hessians. The activations of the controllers have no forward mode (`jvp`, `jacfwd`).

        Raises:
            TypeError: If the tokens are not integers.
            ValueError: If they are not one sequence, or one of them is outside the vocabulary.
        """
        return _trace(self, check_tokens(tokens, self.vocab_size, axes=1))

    def init(self, steps: int | Any) -> MachineState:
        """Return the state before the first of `steps` steps, a number that may be symbolic in `jax.export`."""
        dtype = self.embedding.dtype
        controller, readout = rounding_of(self.quantized)(self.init_states())
        read = jnp.zeros(self.memory.read_size, dtype)
        return MachineState(controller, self.memory.init(steps, dtype), read, readout)

    def init_states(self) -> tuple[PyTree[Array], PyTree[Array]]:
        """Return the learned initial states of the controller and of the readout, unrounded."""
        return self.controller.init(), () if self.readout is None else self.readout.init()

    def step(
        self, state: MachineState, token: Int[Array, ""], revise: Callable[[Any], Any] = lambda action: action
    ) -> tuple[MachineState, Step]:
        """Take one step of one sequence: the controller acts, which `revise` may change, and the memory is read."""
        embedded = look_up(self.embedding, check_tokens(token, self.vocab_size, axes=0))
        rounding = rounding_of(self.quantized)
        projected = self.controller.project(embedded)
        controller, hidden, raw = act(self, state.controller, projected, embedded, state.read, rounding)
        action = revise(rounding(self.memory.decode(raw)))
        memory, read = self.memory.step(state.memory, action)
        readout, logits = answer(self, state.readout, hidden, read)
        step = Step(logits, action, read, self.memory.strengths(memory), hidden)
        return MachineState(controller, memory, read, readout), step

    def next_stretch(self, state: MachineState, steps: int) -> MachineState:
        """Return the state before a stretch of a text that follows another: an empty memory, the controllers go on."""
        return self.init(steps)._replace(controller=state.controller, readout=state.readout)

    def batch(
        self,
        tokens: Int[Array, "steps batch"],
        steps: Int[Array, ""] | int | None = None,
        *,
        decode: Decode | None = None,
        decode_inputs: PyTree[Float[Array, "steps batch ..."]] = (),
        state: PyTree[Float[Array, "batch ..."]] | None = None,
        input_noise: Float[Array, "steps batch projected"] | None = None,
        quantization: QuantizationNoise | None = None,
    ) -> BatchSteps:
        """Run a batch, time first, from an empty memory.

        Gradients need space linear in the number of steps. Other derivatives are not available; `trace` has those of
        gradients.

        Args:
            tokens: The inputs.
            steps: Number of steps to run, which may be known at run time only; the records of later steps are
                undefined. Defaults to all.
            decode: Function from the raw numbers of an action and the `decode_inputs` of its step to the action, for
                training that prescribes or draws actions. Defaults to the memory's own.
            decode_inputs: Further inputs of `decode`.
            state: States before the first step (see `init_controller`). Defaults to the learned ones.
            input_noise: Noise added to the projected inputs of the controller. Defaults to none.
            quantization: Noise that rounds states, gates and values at random. Defaults to none.
        """
        tokens = check_tokens(tokens, self.vocab_size, axes=2)
        if quantization is not None:
            require_object("quantization", quantization, QuantizationNoise, "ns.QuantizationNoise(0.5, key)")
        steps = jnp.asarray(len(tokens) if steps is None else steps)
        memory = self.memory  # not `self`, whose arrays a loop must not keep alive
        decode = decode or (lambda raw, _: memory.decode(raw))
        projected = look_up(self.controller.project(self.embedding), tokens)
        projected = projected if input_noise is None else projected + input_noise
        inputs = BatchInputs(projected, look_up(self.embedding, tokens), decode_inputs)
        state = self.init_controller(tokens.shape[1]) if state is None else state
        return run_batch(self, state, inputs, decode, steps, draw_masks(self, quantization, *tokens.shape))

    def init_controller(self, batch_size: int) -> PyTree[Float[Array, "batch ..."]]:
        """Return the initial states of the controller and of the readout for each sequence of a batch."""
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch_size, *leaf.shape)), self.init_states())


@eqx.filter_jit
def _logits(machine: Machine, tokens: Int[Array, " steps"]) -> Float[Array, "steps vocab"]:
    if not isinstance(tokens.shape[0], int):  # symbolic, in `jax.export`: only the plain loop supports that
        return _trace(machine, tokens).logits
    return machine.batch(tokens[:, None]).logits[:, 0]


@eqx.filter_jit
def _trace(machine: Machine, tokens: Int[Array, " steps"]) -> Step:
    return jax.lax.scan(lambda state, token: machine.step(state, token), machine.init(tokens.shape[0]), tokens)[1]

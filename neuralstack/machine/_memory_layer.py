"""A memory as a layer of a network, trained over all steps of a sequence in parallel, like attention.

The controller does not see the reads, so the actions of all steps are computed at once, and the memory runs over the
whole sequence in one call, in space that is linear in the length.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from neuralstack._arguments import require_object
from neuralstack._lookup import lookup
from neuralstack.machine._describe import unhashable
from neuralstack.machine._own_module import hidden_of, require_module, require_steps
from neuralstack.machine._parallel_controllers import PARALLEL_CONTROLLERS
from neuralstack.memories import AbstractMemory, NeuralStack

GATE_SCALE, ANSWER_SCALE = 3.0, 2.0
"""Factors on the initial weights of the gates and of the answer.

Where strengths hardly depend on the inputs, all reads are alike, and where reads hardly count, strengths get hardly any
gradient: fewer starts learn to use the memory.
"""


class LayerState(NamedTuple):
    """The state of a memory layer between steps: that of its controller, and its memory."""

    controller: PyTree[Array]
    memory: PyTree[Array]


class MemoryLayer(eqx.Module):
    """A memory as a layer, which maps a vector at each step to a vector.

    A controller returns a hidden vector at each step. The action is a linear map of it and of the input, decoded by the
    memory. The output is a linear map of the read. The controller does not see the reads, so actions are computed for
    all steps at once, and the memory runs over them. Stack, queue and DeQue need space that is linear in the length
    and, while each read spans few elements, such time too.

    The output takes the place of the input. Adding the input to it, as in a residual network, lets the network do
    without the memory, and most starts then do: let the input in by factors that are learned and begin at 0, as
    `Transformer` does.

    Args:
        size: Width of the inputs and of the outputs.
        memory: The memory, of any width. Defaults to `NeuralStack(64)`.
        controller: One of `PARALLEL_CONTROLLERS`: `feedforward` sees each step in isolation, `attention` is causal,
            `gru` is recurrent. Or any causal module from inputs `[steps, size]` to hidden vectors `[steps, hidden]`; if
            it has a parameter `starts`, it is given them by this name, and must not look beyond them; if it has
            `init(steps)` and `step(state, x)`, the layer can take one step at a time.
        hidden: Width of the controller's hidden vector.
        heads: Number of heads, for attention.
        key: Source of the initial weights.

    Raises:
        ValueError: If a size is below 1, the name of the controller is unknown, its shapes do not fit, the number of
            heads does not divide `hidden`, or the memory reads nothing.
        TypeError: If the memory is not one, or the controller is not a module.

    Examples:
        >>> import equinox as eqx, jax, jax.numpy as jnp, neuralstack as ns
        >>> layer = ns.MemoryLayer(5, memory=ns.NeuralQueue(8), controller="gru", key=jax.random.key(0))
        >>> eqx.filter_jit(layer)(jnp.ones((7, 5))).shape
        (7, 5)
        >>> eqx.filter_jit(eqx.filter_vmap(layer))(jnp.ones((3, 7, 5))).shape  # a batch
        (3, 7, 5)
        >>> state, output = layer.step(layer.init(steps=7), jnp.ones(5))  # one step at a time
        >>> output.shape
        (5,)
    """

    controller: Any
    actions: eqx.nn.Linear
    answer: eqx.nn.Linear
    memory: Any = eqx.field(static=True)

    def __init__(
        self,
        size: int,
        *,
        memory: AbstractMemory | None = None,
        controller: Any = "feedforward",
        hidden: int = 64,
        heads: int = 1,
        key: PRNGKeyArray,
    ):
        memory = NeuralStack(64) if memory is None else memory
        require_object("memory", memory, AbstractMemory, "ns.NeuralStack(64)")
        if not memory.read_size:
            raise ValueError(f"a memory layer needs a memory that can be read, got {memory}.")
        if min(size, hidden) < 1:
            raise ValueError(f"a memory layer's sizes must be at least 1, got {size=}, {hidden=}.")
        keys = jax.random.split(key, 3)
        if isinstance(controller, str):
            controller = lookup("controller", PARALLEL_CONTROLLERS, controller)(size, hidden, heads, key=keys[0])
        else:
            require_module(controller, size, hidden)
        self.controller = controller
        actions = eqx.nn.Linear(hidden + size, memory.action_size, key=keys[1])
        weights = actions.weight.at[: sum(memory.gate_widths)].multiply(GATE_SCALE)
        self.actions = eqx.tree_at(
            lambda linear: (linear.weight, linear.bias), actions, (weights, memory.initial_bias())
        )
        answer = eqx.nn.Linear(memory.read_size, size, key=keys[2])
        self.answer = eqx.tree_at(lambda linear: linear.weight, answer, ANSWER_SCALE * answer.weight)
        self.memory = memory

    def __hash__(self):
        try:
            return super().__hash__()
        except TypeError as error:
            raise TypeError(unhashable("layer", "inputs")) from error

    def __call__(
        self, inputs: Float[Array, "steps size"], starts: Bool[Array, " steps"] | None = None
    ) -> Float[Array, "steps size"]:
        """Run one sequence from an empty memory, or several laid end to end.

        Args:
            inputs: The vector of each step.
            starts: Whether each step is the first one of a sequence. The memory is emptied before it, and the
                library's controllers do not look beyond it: outputs and gradients are those of each sequence alone.
                Defaults to one sequence.

        Raises:
            TypeError: For `starts`, if no action empties the memory.
        """
        reads = self.memory.run(self.act(inputs, starts), starts=starts)
        return jax.vmap(self.answer)(reads)

    def act(self, inputs: Float[Array, "steps size"], starts: Bool[Array, " steps"] | None = None) -> Any:
        """Return the actions of the memory at all steps."""
        return jax.vmap(self._decode)(hidden_of(self.controller, inputs, starts), inputs)

    def init(self, steps: int) -> LayerState:
        """Return the state before the first of `steps` steps, which are then taken one at a time.

        Raises:
            TypeError: If the controller is a module that takes all steps at once only.
        """
        require_steps(self.controller)
        return LayerState(self.controller.init(steps), self.memory.init(steps, self.actions.weight.dtype))

    def step(self, state: LayerState, x: Float[Array, " size"]) -> tuple[LayerState, Float[Array, " size"]]:
        """Take one step; return the new state and the output, which is that of a whole sequence at this step."""
        controller, hidden = self.controller.step(state.controller, x)
        memory, read = self.memory.step(state.memory, self._decode(hidden, x))
        return LayerState(controller, memory), self.answer(read)

    def _decode(self, hidden: Float[Array, " hidden"], x: Float[Array, " size"]) -> Any:
        return self.memory.decode(self.actions(jnp.concatenate([hidden, x])))

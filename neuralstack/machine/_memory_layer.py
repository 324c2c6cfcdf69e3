"""A memory as a layer of a network, trained over all steps of a sequence in parallel, like attention.

If the controller does not see the reads, the actions of all steps can be computed at once. The reads are then the
product of one matrix of weights and the values, and neither the forward nor the backward pass loops over time.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from neuralstack._lookup import lookup
from neuralstack.machine._describe import unhashable
from neuralstack.memories import STRENGTH_BIASES, Action, read_weights


class Feedforward(eqx.Module):
    r"""A controller that sees each step in isolation: $h_t = \tanh(W x_t + b)$."""

    project: eqx.nn.Linear

    def __init__(self, size: int, hidden: int, heads: int, *, key: PRNGKeyArray):
        self.project = eqx.nn.Linear(size, hidden, key=key)

    def __call__(self, inputs: Float[Array, "steps size"]) -> Float[Array, "steps hidden"]:
        """Return the hidden vector of each step."""
        return jnp.tanh(jax.vmap(self.project)(inputs))


class Attention(eqx.Module):
    r"""A controller that sees each step and all earlier ones: $h_t = \tanh(y_t + \mathrm{attend}(y_{\le t}))$.

    Here $y_t = W x_t + b$. No positions are added: if they matter, they must be part of the inputs.
    """

    project: eqx.nn.Linear
    attend: eqx.nn.MultiheadAttention

    def __init__(self, size: int, hidden: int, heads: int, *, key: PRNGKeyArray):
        if heads < 1 or hidden % heads:
            raise ValueError(f"attention needs heads, at least 1, that divide its width, got {heads=}, {hidden=}.")
        project_key, attend_key = jax.random.split(key)
        self.project = eqx.nn.Linear(size, hidden, key=project_key)
        self.attend = eqx.nn.MultiheadAttention(heads, hidden, key=attend_key)

    def __call__(self, inputs: Float[Array, "steps size"]) -> Float[Array, "steps hidden"]:
        """Return the hidden vector of each step."""
        projected = jax.vmap(self.project)(inputs)
        causal = jnp.tril(jnp.ones((len(inputs), len(inputs)), bool))
        return jnp.tanh(projected + self.attend(projected, projected, projected, mask=causal))


PARALLEL_CONTROLLERS = {"attention": Attention, "feedforward": Feedforward}
"""The controllers that compute the actions of all steps at once."""


class MemoryLayer(eqx.Module):
    """A stack or a queue as a layer, which maps a vector at each step to a vector, without a loop over time.

    A controller returns a hidden vector at each step. Push strength, pop strength and value are linear maps of it,
    followed by a sigmoid or a hyperbolic tangent. The output is a linear map of the read. The controller does not see
    the reads.

    Layers can be stacked and combined with others. Time and space grow with the square of the length.

    Args:
        size: Width of the inputs and of the outputs.
        controller: One of `PARALLEL_CONTROLLERS`: `feedforward` sees each step in isolation, `attention` is causal.
        queue: Whether the memory is a queue; otherwise it is a stack.
        hidden: Width of the controller's hidden vector.
        width: Width of the values.
        heads: Number of heads, for attention.
        key: Source of the initial weights.

    Raises:
        ValueError: If a size is below 1, the controller is unknown, or the number of heads does not divide `hidden`.

    Examples:
        >>> import equinox as eqx, jax, jax.numpy as jnp, neuralstack as ns
        >>> layer = ns.MemoryLayer(5, controller="attention", heads=4, key=jax.random.key(0))
        >>> eqx.filter_jit(layer)(jnp.ones((7, 5))).shape
        (7, 5)
        >>> eqx.filter_jit(eqx.filter_vmap(layer))(jnp.ones((3, 7, 5))).shape  # a batch
        (3, 7, 5)
        >>> eqx.filter_jit(layer.act)(jnp.ones((7, 5))).push.shape  # the action of each step
        (7,)
    """

    controller: Feedforward | Attention
    strengths: eqx.nn.Linear
    value: eqx.nn.Linear
    answer: eqx.nn.Linear
    queue: bool = eqx.field(static=True)

    def __init__(
        self,
        size: int,
        *,
        controller: str = "feedforward",
        queue: bool = False,
        hidden: int = 64,
        width: int = 64,
        heads: int = 1,
        key: PRNGKeyArray,
    ):
        kind = lookup("controller", PARALLEL_CONTROLLERS, controller)
        if min(size, hidden, width) < 1:
            raise ValueError(f"a memory layer's sizes must be at least 1, got {size=}, {hidden=}, {width=}.")
        keys = jax.random.split(key, 4)
        self.controller = kind(size, hidden, heads, key=keys[0])
        strengths = eqx.nn.Linear(hidden, 2, key=keys[1])
        self.strengths = eqx.tree_at(lambda linear: linear.bias, strengths, jnp.array(STRENGTH_BIASES))
        self.value = eqx.nn.Linear(hidden, width, key=keys[2])
        self.answer = eqx.nn.Linear(width, size, key=keys[3])
        self.queue = queue

    def __hash__(self):
        try:
            return super().__hash__()
        except TypeError as error:
            raise TypeError(unhashable("layer", "inputs")) from error

    def __call__(self, inputs: Float[Array, "steps size"]) -> Float[Array, "steps size"]:
        """Run one sequence from an empty memory."""
        push, pop, values = self.act(inputs)
        reads = read_weights(push, pop, queue=self.queue).astype(values.dtype) @ values
        return jax.vmap(self.answer)(reads)

    def act(self, inputs: Float[Array, "steps size"]) -> Action:
        """Return the actions at all steps: an `Action` for the stack or the queue of the layer's width."""
        hidden = self.controller(inputs)
        strengths = jax.nn.sigmoid(jax.vmap(self.strengths)(hidden))
        return Action(strengths[:, 0], strengths[:, 1], jnp.tanh(jax.vmap(self.value)(hidden)))

"""A block of a Transformer: attention and a perceptron, each added to what it has normalized."""

import math

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from neuralstack.machine._attention import CausalAttention, KeysAndValues, normal_linear

EXPANSION = 4  # width of the perceptron's hidden layer, in widths of the block


class Block(eqx.Module):
    """Attention, then a perceptron of one hidden layer, as residual branches with the norm first (as in GPT-2).

    Args:
        width: Width of the inputs and of the outputs.
        heads: Number of heads of the attention.
        scale: Factor on the initial weights with which the branches end.
        key: Source of the initial weights.
    """

    attention_norm: eqx.nn.LayerNorm
    attention: CausalAttention
    perceptron_norm: eqx.nn.LayerNorm
    expand: eqx.nn.Linear
    contract: eqx.nn.Linear

    def __init__(self, width: int, heads: int, scale: float, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        self.attention_norm, self.perceptron_norm = eqx.nn.LayerNorm(width), eqx.nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads, scale, key=keys[0])
        self.expand = normal_linear(width, EXPANSION * width, key=keys[1])
        self.contract = normal_linear(EXPANSION * width, width, scale, key=keys[2])

    def __call__(self, inputs: Float[Array, "steps width"]) -> Float[Array, "steps width"]:
        """Run over a whole sequence."""
        attended = inputs + self.attention(jax.vmap(self.attention_norm)(inputs))
        return jax.vmap(self._add_perceptron)(attended)

    def init(self, steps: int) -> KeysAndValues:
        """Return the state before the first of `steps` steps."""
        return self.attention.init(steps)

    def step(
        self, state: KeysAndValues, time: Int[Array, ""], x: Float[Array, " width"]
    ) -> tuple[KeysAndValues, Float[Array, " width"]]:
        """Take step number `time` of one sequence."""
        state, attended = self.attention.step(state, time, self.attention_norm(x))
        return state, self._add_perceptron(x + attended)

    def _add_perceptron(self, x: Float[Array, " width"]) -> Float[Array, " width"]:
        return x + self.contract(jax.nn.gelu(self.expand(self.perceptron_norm(x))))


def branch_scale(num_branches: int) -> float:
    """Return the factor on the weights with which residual branches end, so that their sum stays of one size.

    Examples:
        >>> branch_scale(4)
        0.5
    """
    return 1 / math.sqrt(num_branches)

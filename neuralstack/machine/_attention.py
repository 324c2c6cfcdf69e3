"""Causal self-attention over a sequence, or one step at a time with the keys and values of earlier steps kept."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


class KeysAndValues(NamedTuple):
    """The keys and values of the steps so far; those of later steps are zero."""

    keys: Float[Array, "steps heads size"]
    values: Float[Array, "steps heads size"]


class CausalAttention(eqx.Module):
    r"""Multi-head self-attention in which each step sees itself and earlier ones.

    A head has a slope $m$ by which a score falls for each step of distance (ALiBi; Press et al., 2022):
    $q_t \cdot k_s / \sqrt{d} - m (t - s)$. For half of the heads it is 0: they see near and far steps alike, which
    holds best beyond the lengths of training (Kazemnejad et al., 2023). The others tell what came last.

    Args:
        width: Width of the inputs and of the outputs.
        heads: Number of heads, which divides the width.
        scale: Standard deviation of the initial weights of the output, times the root of the width.
        key: Source of the initial weights.
    """

    project: eqx.nn.Linear
    combine: eqx.nn.Linear
    heads: int = eqx.field(static=True)

    def __init__(self, width: int, heads: int, scale: float, *, key: PRNGKeyArray):
        project_key, combine_key = jax.random.split(key)
        self.project = normal_linear(width, 3 * width, key=project_key)
        self.combine = normal_linear(width, width, scale, key=combine_key)
        self.heads = heads

    def __call__(self, inputs: Float[Array, "steps width"]) -> Float[Array, "steps width"]:
        """Attend over a whole sequence."""
        queries, keys, values = jnp.moveaxis(jax.vmap(self._parts)(inputs), 1, 0)
        mixed = attend(queries, KeysAndValues(keys, values), jnp.arange(len(inputs)))
        return jax.vmap(self.combine)(mixed)

    def init(self, steps: int) -> KeysAndValues:
        """Return the state before the first of `steps` steps."""
        empty = jnp.zeros((steps, self.heads, self.size), self.combine.weight.dtype)
        return KeysAndValues(empty, empty)

    def step(
        self, state: KeysAndValues, time: Int[Array, ""], x: Float[Array, " width"]
    ) -> tuple[KeysAndValues, Float[Array, " width"]]:
        """Take step number `time` of one sequence."""
        query, key, value = self._parts(x)
        state = KeysAndValues(state.keys.at[time].set(key), state.values.at[time].set(value))
        return state, self.combine(attend(query[None], state, time[None])[0])

    @property
    def size(self) -> int:
        """Width of a head."""
        return self.combine.in_features // self.heads  # pyright: ignore[reportOperatorIssue]

    def _parts(self, x: Float[Array, " width"]) -> Float[Array, "3 heads size"]:
        """Return the query, the key and the value of each head at one step."""
        return self.project(x).reshape(3, self.heads, self.size)


def attend(
    queries: Float[Array, "asking heads size"], seen: KeysAndValues, times: Int[Array, " asking"]
) -> Float[Array, "asking width"]:
    """Return the mean of the values, for each head, that each of some steps sees.

    Args:
        queries: The queries of these steps.
        seen: The keys and values of all steps.
        times: The number of each of these steps.
    """
    scores = jnp.einsum("thd,shd->hts", queries, seen.keys) / math.sqrt(queries.shape[-1])
    distances = times[:, None] - jnp.arange(len(seen.keys))
    penalized = scores - slopes(queries.shape[1])[:, None, None].astype(scores.dtype) * distances
    weights = jax.nn.softmax(jnp.where(distances >= 0, penalized, -jnp.inf), axis=-1)
    return jnp.einsum("hts,shd->thd", weights, seen.values).reshape(len(queries), -1)


def slopes(heads: int) -> Float[Array, " heads"]:
    """Return the slope of each head: a geometric sequence down to 1/16 for one half, 0 for the other.

    Examples:
        >>> slopes(4).tolist()
        [0.25, 0.0625, 0.0, 0.0]
    """
    near = heads // 2
    return jnp.concatenate([2.0 ** (-4.0 * jnp.arange(1, near + 1) / max(near, 1)), jnp.zeros(heads - near)])


def normal_linear(inputs: int, outputs: int, scale: float = 1.0, *, key: PRNGKeyArray) -> eqx.nn.Linear:
    """Return a linear map with normal weights of standard deviation `scale / sqrt(inputs)`, and a bias of zero."""
    linear = eqx.nn.Linear(inputs, outputs, key=key)
    drawn = scale / math.sqrt(inputs) * jax.random.normal(key, linear.weight.shape)
    return eqx.tree_at(lambda linear: (linear.weight, linear.bias), linear, (drawn, jnp.zeros(outputs)))

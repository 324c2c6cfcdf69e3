"""Controllers of a memory layer: they map all steps of a sequence at once, and can also take one step at a time."""

from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from neuralstack.controllers import GRU

BLOCK = 128  # queries whose attention weights are stored at once


class ParallelController(Protocol):
    """A module from the inputs of all steps to a hidden vector at each step."""

    def __call__(
        self, inputs: Float[Array, "steps size"], starts: Bool[Array, " steps"] | None = None
    ) -> Float[Array, "steps hidden"]:
        """Return the hidden vector of each step; a step in `starts` and those after it do not see earlier ones."""
        ...

    def init(self, steps: int) -> PyTree[Array]:
        """Return the state before the first of `steps` steps."""
        ...

    def step(self, state: PyTree[Array], x: Float[Array, " size"]) -> tuple[PyTree[Array], Float[Array, " hidden"]]:
        """Take one step; return the new state and the hidden vector."""
        ...


class Feedforward(eqx.Module):
    r"""A controller that sees each step in isolation: $h_t = \tanh(W x_t + b)$."""

    project: eqx.nn.Linear

    def __init__(self, size: int, hidden: int, heads: int, *, key: PRNGKeyArray):
        self.project = eqx.nn.Linear(size, hidden, key=key)

    def __call__(self, inputs, starts=None):
        return jnp.tanh(jax.vmap(self.project)(inputs))

    def init(self, steps: int) -> tuple[()]:
        """Return the empty state."""
        return ()

    def step(self, state: tuple[()], x: Float[Array, " size"]) -> tuple[tuple[()], Float[Array, " hidden"]]:
        """Take one step."""
        return (), jnp.tanh(self.project(x))


class Attention(eqx.Module):
    r"""A controller that sees each step and all earlier ones: $h_t = \tanh(y_t + \mathrm{attend}(y_{\le t}))$.

    Here $y_t = W x_t + b$. No positions are added: if they matter, they must be part of the inputs. Time grows with the
    square of the length; space is linear, since the attention weights of `BLOCK` steps are stored at a time.
    """

    project: eqx.nn.Linear
    attend: eqx.nn.MultiheadAttention

    def __init__(self, size: int, hidden: int, heads: int, *, key: PRNGKeyArray):
        if heads < 1 or hidden % heads:
            raise ValueError(f"attention needs heads, at least 1, that divide its width, got {heads=}, {hidden=}.")
        project_key, attend_key = jax.random.split(key)
        self.project = eqx.nn.Linear(size, hidden, key=project_key)
        self.attend = eqx.nn.MultiheadAttention(heads, hidden, key=attend_key)

    def __call__(self, inputs, starts=None):
        projected = jax.vmap(self.project)(inputs)
        numbers = jnp.arange(len(inputs))
        # The first step that each step sees: the latest start.
        first = jnp.zeros_like(numbers) if starts is None else jax.lax.cummax(jnp.where(starts, numbers, 0))
        keys, values = jax.vmap(self.keys_and_values)(projected)

        @jax.checkpoint
        def one(given):
            own, number, first = given
            return self.look(own, keys, values, (numbers >= first) & (numbers <= number))

        return jax.lax.map(one, (projected, numbers, first), batch_size=BLOCK)

    def init(self, steps: int) -> tuple[Array, Array, Int[Array, ""]]:
        """Return empty keys and values with room for `steps` steps, and the number of steps taken."""
        hidden, dtype = self.project.weight.shape[0], self.project.weight.dtype
        empty = jnp.zeros((steps, self.attend.num_heads, hidden // self.attend.num_heads), dtype)
        return empty, empty, jnp.zeros((), jnp.int32)

    def step(self, state, x: Float[Array, " size"]) -> tuple[Any, Float[Array, " hidden"]]:
        """Take one step."""
        own = self.project(x)
        keys, values, number = state
        key, value = self.keys_and_values(own)
        keys, values = keys.at[number].set(key), values.at[number].set(value)
        return (keys, values, number + 1), self.look(own, keys, values, jnp.arange(len(keys)) <= number)

    def keys_and_values(self, own: Float[Array, " hidden"]) -> tuple[Array, Array]:
        """Return the key and the value of one step for each head."""
        heads = self.attend.num_heads
        return self.attend.key_proj(own).reshape(heads, -1), self.attend.value_proj(own).reshape(heads, -1)

    def look(self, own: Float[Array, " hidden"], keys: Array, values: Array, seen: Bool[Array, " steps"]) -> Array:
        """Return the hidden vector of one step, which sees some of the others."""
        query = self.attend.query_proj(own).reshape(self.attend.num_heads, -1)
        scores = jnp.einsum("hd,thd->ht", query, keys) / query.shape[1] ** 0.5
        weights = jax.nn.softmax(jnp.where(seen[None], scores, -jnp.inf))
        return jnp.tanh(own + self.attend.output_proj(jnp.einsum("ht,thd->hd", weights, values).ravel()))


class Recurrent(eqx.Module):
    """A controller that sees each step and what it remembers of earlier ones: one layer of `GRU`, a loop over time."""

    cell: GRU

    def __init__(self, size: int, hidden: int, heads: int, *, key: PRNGKeyArray):
        self.cell = GRU(size, hidden, input_scale=1.0, key=key)  # pyright: ignore[reportCallIssue]

    def __call__(self, inputs, starts=None):
        starts = jnp.zeros(len(inputs), bool) if starts is None else starts
        initial = self.cell.init()

        def step(state, given):
            projected, start = given
            state = jax.tree.map(lambda first, old: jnp.where(start, first, old), initial, state)
            return self.cell.step_projected(state, projected)

        return jax.lax.scan(step, initial, (self.cell.project(inputs), starts))[1]

    def init(self, steps: int) -> PyTree[Array]:
        """Return the learned initial state."""
        return self.cell.init()

    def step(self, state: PyTree[Array], x: Float[Array, " size"]) -> tuple[PyTree[Array], Float[Array, " hidden"]]:
        """Take one step."""
        return self.cell.step(state, x)


PARALLEL_CONTROLLERS = {"attention": Attention, "feedforward": Feedforward, "gru": Recurrent}
"""The controllers of a memory layer: they do not see the reads, so that the actions of all steps are known at once."""

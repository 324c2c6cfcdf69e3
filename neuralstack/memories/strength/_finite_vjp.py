"""Non-finite numbers in a sequence, with the same effect in every form of the strength memories."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PyTree

from neuralstack.memories._sequence_vjp import AbstractSequenceVJP


class FiniteVJP(AbstractSequenceVJP):
    """The passes of a memory up to the first step whose action contains a NaN or an infinity.

    From that step on, every read and the cotangent of every action are NaN. Earlier steps are treated as if the
    sequence ended there.
    """

    vjp: AbstractSequenceVJP
    """Passes whose `step_forward` itself reads NaN from such a step on."""

    def reads(self, action, steps):
        defined = steps_before_nonfinite(action, steps)
        return choose_steps(defined, self.vjp.reads(choose_steps(defined, action, 0.0), steps), jnp.nan)

    def reads_backward(self, action, steps, reads_cotangent):
        defined = steps_before_nonfinite(action, steps)
        given = choose_steps(defined, (action, reads_cotangent), 0.0)
        return choose_steps(defined, self.vjp.reads_backward(given[0], steps, given[1]), jnp.nan)

    def start_forward(self, steps, dtype):
        return self.vjp.start_forward(steps, dtype)

    def step_forward(self, carry, time, action):
        return self.vjp.step_forward(carry, time, action)

    def start_backward(self, action, steps):
        defined = steps_before_nonfinite(action, steps)
        return defined, self.vjp.start_backward(choose_steps(defined, action, 0.0), steps)

    def step_backward(self, carry, time, read_cotangent):
        defined, inner = carry
        inner, cotangent = self.vjp.step_backward(inner, time, jnp.where(defined[time], read_cotangent, 0))
        return (defined, inner), jax.tree.map(lambda leaf: jnp.where(defined[time], leaf, jnp.nan), cotangent)


def steps_before_nonfinite(action: Any, steps: Int[Array, ""] | int) -> Bool[Array, " length"]:
    """Return which steps of a sequence precede the first one, among `steps`, with a number that is not finite."""
    leaves = jax.tree.leaves(action)
    numbers = jnp.arange(leaves[0].shape[0])
    finite = [jnp.isfinite(leaf).all(range(1, leaf.ndim)) for leaf in leaves]
    broken = ~jnp.stack(finite).all(0) & (numbers < steps)
    return numbers < jnp.where(broken, numbers, numbers.shape[0]).min(initial=numbers.shape[0])


def choose_steps(chosen: Bool[Array, " length"], tree: PyTree[Array], other: float) -> PyTree[Array]:
    """Return the entries of the chosen steps, and a number in place of all others."""
    return jax.tree.map(
        lambda leaf: jnp.where(chosen.reshape(-1, *[1] * (leaf.ndim - 1)), leaf, jnp.asarray(other, leaf.dtype)), tree
    )

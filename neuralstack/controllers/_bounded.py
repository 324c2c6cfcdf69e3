"""A trained controller whose state cannot drift away from where it was while the machine was trained."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from neuralstack.controllers._base import AbstractController


class BoundedController(AbstractController):
    """A controller whose state is kept within bounds, which depend on the gates that are open.

    A controller that was trained on short sequences may hold a phase, such as that of answering, only as long as it
    had to: on long ones its state relaxes, step by step, until other gates open. Each number of the state is therefore
    clipped to where it was, on sequences of the training lengths, while the same gates were open. There the
    controller is what it was before.

    Examples:
        An Elman network that is kept above 0.5 while its only gate is open:

        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.Controller.of(ns.ElmanLayer, 1, 1, key=jax.random.key(0))
        >>> bounded = ns.BoundedController(
        ...     controller,
        ...     jnp.ones((1, 1)),
        ...     jnp.ones(1),
        ...     low=(jnp.array([[-1.0], [0.5]]),),
        ...     high=(jnp.ones((2, 1)),),
        ... )
        >>> state, hidden = bounded.step(bounded.init(), bounded.project(jnp.zeros(1)))
        >>> state[0].tolist()
        [0.5]
    """

    controller: AbstractController
    gate_weights: Float[Array, "hidden gates"]
    gate_bias: Float[Array, " gates"]
    low: PyTree[Float[Array, "phases ..."]]
    """The least value of each number of the state; the phase's number has a bit for each gate."""
    high: PyTree[Float[Array, "phases ..."]]
    """The greatest."""

    @classmethod
    def around(
        cls,
        controller: AbstractController,
        gate_weights: Float[Array, "hidden gates"],
        gate_bias: Float[Array, " gates"],
        states: PyTree[Float[np.ndarray, "moments ..."]],
        hidden: Float[np.ndarray, "moments hidden"],
    ) -> "BoundedController":
        """Bound a controller by states that it was in, and what it showed there; what it never did is not bounded."""
        phases = np.asarray(phase_of(jnp.asarray(hidden) @ gate_weights + gate_bias))
        members = [np.flatnonzero(phases == phase) for phase in range(2 ** gate_weights.shape[1])]

        def extremes(of, otherwise):
            return jax.tree.map(
                lambda leaf: jnp.stack(
                    [of(leaf[one], axis=0) if len(one) else jnp.full(leaf.shape[1:], otherwise) for one in members]
                ),
                states,
            )

        return cls(controller, gate_weights, gate_bias, extremes(np.min, -jnp.inf), extremes(np.max, jnp.inf))

    @property
    def projected_size(self):
        return self.controller.projected_size

    @property
    def hidden_size(self):
        return self.controller.hidden_size

    def init(self):
        return self.controller.init()

    def project(self, x):
        return self.controller.project(x)

    def step(self, state, projected):
        state, hidden = self.controller.step(state, projected)
        phase = phase_of(hidden @ self.gate_weights + self.gate_bias)
        return jax.tree.map(
            lambda at, low, high: jnp.clip(at, low[phase], high[phase]), state, self.low, self.high
        ), hidden


def phase_of(raw: Float[Array, "*steps gates"]) -> Array:
    """Return which gates are open, as the bits of a number: those whose raw number is not negative.

    Examples:
        >>> int(phase_of(jnp.array([1.0, -1.0, 2.0])))
        5
    """
    return ((raw >= 0) << jnp.arange(raw.shape[-1])).sum(-1)

"""A trained controller whose state cannot leave its range on sequences of the training lengths."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from neuralstack.controllers._base import AbstractController


class BoundedController(AbstractController):
    """A controller whose state is clipped to bounds that depend on the open gates.

    A controller that was trained on short sequences may stay in a phase, such as answering, only for as long as those
    required: on longer ones its state drifts until other gates open. Each number of the state is therefore clipped to
    the range that it had on sequences of the training lengths while the same gates were open. On those sequences
    nothing changes.

    Examples:
        An Elman network that is kept above 0.5 while its only gate is open:

        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> controller = ns.Elman(1, 1, key=jax.random.key(0))
        >>> bounded = ns.BoundedController(
        ...     controller,
        ...     jnp.ones((1, 1)),
        ...     jnp.ones(1),
        ...     low=(jnp.array([[-1.0], [0.5]]),),
        ...     high=(jnp.ones((2, 1)),),
        ... )
        >>> state, hidden = bounded.step(bounded.init(), jnp.zeros(1))
        >>> state[0].tolist()
        [0.5]
    """

    controller: AbstractController
    gate_weights: Float[Array, "hidden gates"]
    gate_bias: Float[Array, " gates"]
    low: PyTree[Float[Array, "phases ..."]]
    """Least value of each number of the state in each phase (see `phase_of`)."""
    high: PyTree[Float[Array, "phases ..."]]
    """Greatest value of each number of the state in each phase."""

    @classmethod
    def from_trajectories(
        cls,
        controller: AbstractController,
        gate_weights: Float[Array, "hidden gates"],
        gate_bias: Float[Array, " gates"],
        states: PyTree[Float[np.ndarray, "steps ..."]],
        hidden: Float[np.ndarray, "steps hidden"],
    ) -> "BoundedController":
        """Bound a controller by the states that it visited and the hidden vectors at those states.

        Phases without a state stay unbounded.
        """
        phases = np.asarray(phase_of(jnp.asarray(hidden) @ gate_weights + gate_bias))
        members = [np.flatnonzero(phases == phase) for phase in range(2 ** gate_weights.shape[1])]

        def extremes(of, otherwise):
            return jax.tree.map(
                lambda leaf: jnp.stack(
                    [of(leaf[rows], axis=0) if len(rows) else jnp.full(leaf.shape[1:], otherwise) for rows in members]
                ),
                states,
            )

        low, high = extremes(np.min, -jnp.inf), extremes(np.max, jnp.inf)
        return cls(controller, gate_weights, gate_bias, low, high)  # pyright: ignore[reportCallIssue]

    @property
    def input_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of an input."""
        return self.controller.input_size

    @property
    def hidden_size(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """Width of a hidden vector."""
        return self.controller.hidden_size

    @property
    def projected_size(self):
        return self.controller.projected_size

    def init(self):
        return self.controller.init()

    def project(self, x):
        return self.controller.project(x)

    def step(self, state, x):
        return self.step_projected(state, self.project(x))

    def step_projected(self, state, projected):
        state, hidden = self.controller.step_projected(state, projected)
        phase = phase_of(hidden @ self.gate_weights + self.gate_bias)
        return jax.tree.map(
            lambda at, low, high: jnp.clip(at, low[phase], high[phase]), state, self.low, self.high
        ), hidden


def phase_of(raw: Float[Array, "*steps gates"]) -> Array:
    """Return which gates are open, as the bits of a number: a gate is open if its raw number is not negative.

    Examples:
        >>> int(phase_of(jnp.array([1.0, -1.0, 2.0])))
        5
    """
    return ((raw >= 0) << jnp.arange(raw.shape[-1])).sum(-1)

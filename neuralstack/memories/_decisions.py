"""The decisions in a memory's actions: rounding, imitation and sampling, all of them optional."""

import abc
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.memories._actions import Action
from neuralstack.memories._end import End
from neuralstack.memories._validation import decoded_action


class AbstractDecisions(abc.ABC):
    """The part of a memory's contract that concerns discrete actions, with a default for everything.

    A *gate* is a number in an action that controls an operation, such as a push strength. In the memory's discrete form
    each gate is 0 or 1.
    """

    @property
    @abc.abstractmethod
    def action_size(self) -> int:
        """Number of raw numbers from which an action is decoded."""

    @property
    def gate_widths(self) -> tuple[int, ...]:
        """Widths of the gates in a raw action, in order; they come first. Defaults to none."""
        return ()

    def gates(self, action: Any) -> Float[Array, " gates"]:
        """Return the numbers in an action that are 0 or 1 in the discrete memory. Defaults to none."""
        leaf, decoded = jax.tree.leaves(action)[0], jax.tree.leaves(decoded_action(self))[0]
        return jnp.zeros((*leaf.shape[: leaf.ndim - decoded.ndim], 0), leaf.dtype)

    def margins(self, action: Any) -> dict[str, Float[Array, ""]]:
        """Return the distance of each decision of an action from its boundary, by name, from 0 to 0.5.

        Defaults to an empty dictionary.
        """
        return {}

    def quantize(self, action: Any) -> Any:
        """Round the decisions of an action, without a gradient.

        Raises:
            ValueError: By default.
        """
        raise self._lacks("quantize(action)", "actions that cannot be rounded")

    def discretized(self) -> Any:
        """Return the memory that decodes the same raw actions to discrete ones; a discrete memory returns itself.

        Raises:
            ValueError: By default.
        """
        raise self._lacks(
            "discretized(), such as by returning Quantized(self) where quantize(action) is defined", "no discrete form"
        )

    def ends(self) -> tuple[End, ...]:
        """Return the stacks and queues that a discrete memory consists of, in the order of their reads.

        Defaults to none: the memory can then neither be run as a stream nor be written down as a transducer.
        """
        return ()

    def end_actions(self, action: Any) -> tuple[Action, ...]:
        """Return the action on each of the memory's `ends`.

        Raises:
            ValueError: By default.
        """
        raise self._lacks("ends() and end_actions(action)", "no stacks or queues with discrete actions")

    def quantized_ends(self) -> tuple[End, ...]:
        """Return the stacks and queues that the memory consists of once its actions are rounded. Defaults to none."""
        return ()

    def decision_matrix(self) -> Float[Array, "gates decisions"]:
        """Return the matrix of sums and differences of the raw gates whose signs determine the discrete action.

        Defaults to the identity: the sign of each raw gate determines that gate.
        """
        return jnp.eye(sum(self.gate_widths))

    def impose(self, action: Any, strengths: Float[Array, "2"]) -> Any:
        """Return an action with the push and pop strengths of a program in place of its own.

        Raises:
            ValueError: By default.
        """
        raise self._lacks(
            "impose(action, strengths) and gate_cross_entropy(raw, gates)", "no single end to push and pop"
        )

    def gate_cross_entropy(
        self, raw: Float[Array, " {self.action_size}"], gates: Float[Array, " gates"]
    ) -> Float[Array, ""]:
        """Return the cross-entropy between given gates and those of a raw action.

        Raises:
            ValueError: By default.
        """
        raise self._lacks("gate_cross_entropy(raw, gates)", "no gates with a likelihood")

    def gate_probabilities(self, raw: Float[Array, " {self.action_size}"]) -> Float[Array, " gates"]:
        """Return the probability that each gate of a raw action is drawn as 1.

        Raises:
            ValueError: By default.
        """
        raise self._lacks("gate_probabilities(raw) and sample(raw, noise)", "no discrete actions to draw")

    def sample(self, raw: Float[Array, " {self.action_size}"], noise: Float[Array, " gates"]) -> Any:
        """Draw a discrete action from the distribution that raw numbers define, without a gradient through the draw.

        Args:
            raw: The raw numbers.
            noise: A number for each gate, uniform in [0, 1).

        Raises:
            ValueError: By default.
        """
        raise self._lacks("gate_probabilities(raw) and sample(raw, noise)", "no discrete actions to draw")

    def _lacks(self, methods: str, reason: str) -> ValueError:
        """Return the error for a request that needs methods which the memory does not define."""
        return ValueError(f"{type(self).__name__} has {reason}: define {methods}.")

"""Forward and backward passes of a memory over whole sequences."""

import abc
from typing import Any

import equinox as eqx
import jax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, PyTree


class AbstractSequenceVJP(eqx.Module):
    """The forward and the backward pass of a memory, over a sequence at once and step by step in the unroll.

    Actions are results of `check`. A length may be known at run time only.
    """

    @abc.abstractmethod
    def reads(self, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps read"]:
        """Return every read of a whole sequence, of which only the first `steps` are defined."""

    @abc.abstractmethod
    def reads_backward(self, action: Any, steps: Int[Array, ""], reads_cotangent: Float[Array, "steps read"]) -> Any:
        """Return the cotangent of the actions."""

    def batch_reads(self, action: Any, steps: Int[Array, ""]) -> Float[Array, "steps batch read"]:
        """Return the reads of a batch, time first as in a network. Defaults to `reads` of each sequence."""
        return jax.vmap(self.reads, in_axes=(1, None), out_axes=1)(action, steps)

    def batch_reads_backward(
        self, action: Any, steps: Int[Array, ""], reads_cotangent: Float[Array, "steps batch read"]
    ) -> Any:
        """Return the cotangent of the actions of a batch, time first."""
        return jax.vmap(self.reads_backward, in_axes=(1, None, 1), out_axes=1)(action, steps, reads_cotangent)

    @abc.abstractmethod
    def start_forward(self, steps: int, dtype: DTypeLike) -> PyTree[Array]:
        """Return the initial carry of `step_forward`, with room for `steps` steps."""

    @abc.abstractmethod
    def step_forward(
        self, carry: PyTree[Array], time: Int[Array, ""], action: Any
    ) -> tuple[PyTree[Array], Float[Array, " read"]]:
        """Take step `time`; return the new carry and the read."""

    @abc.abstractmethod
    def start_backward(self, action: Any, steps: Int[Array, ""]) -> PyTree[Array]:
        """Return the initial carry of `step_backward`, from the actions of all steps, of which `steps` were taken."""

    @abc.abstractmethod
    def step_backward(
        self, carry: PyTree[Array], time: Int[Array, ""], read_cotangent: Float[Array, " read"]
    ) -> tuple[PyTree[Array], Any]:
        """Undo step `time`, the last one not yet undone; return the new carry and the cotangent of its action."""

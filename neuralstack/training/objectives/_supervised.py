"""Learning from the answers alone."""

from dataclasses import dataclass

from neuralstack.training.objectives._base import AbstractObjective


@dataclass(frozen=True, kw_only=True)
class Supervised(AbstractObjective):
    """Minimize the cross-entropy of the answers; gradients flow through the memory.

    It works with any module from tokens to logits; the terms shared by all objectives need a `Machine`.

    Examples:
        >>> import neuralstack as ns
        >>> ns.Supervised(binarization=0.02, binarization_start=500).reconstruction
        0.0
    """

    def loss(self, model, heads, state, batch, key):
        return self.total(model, heads, state, batch, self.run(model, batch, key))

"""Accuracies on a set, as a whole and by length."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.evaluation._metrics import Score, cross_entropy, score
from neuralstack.evaluation._sets import Examples
from neuralstack.machine import batch_logits

GROUP_STEPS = 1 << 14  # steps x sequences that go through the machine at once: what bounds the memory of an evaluation


class Report(NamedTuple):
    """Mean accuracies over the sequences of a set, and over those of each length of the source."""

    coarse: float
    fine: float
    token: float
    loss: float
    by_length: dict[int, dict[str, int | float]]


def evaluate(machine: Any, data: Examples) -> Report:
    """Answer every sequence under teacher forcing, and report the accuracies of a machine or any other module."""
    scores, losses = jax.device_get(_score_all(machine, data.examples))
    lengths = np.asarray(data.lengths)

    def mean(rows) -> dict[str, float]:
        return {name: float(np.mean(part[rows])) for name, part in (*scores._asdict().items(), ("loss", losses))}

    by_length = {
        int(length): {"sequences": int((lengths == length).sum()), **mean(lengths == length)}
        for length in np.unique(lengths)
    }
    return Report(**mean(slice(None)), by_length=by_length)


@eqx.filter_jit
def _score_all(machine, examples):
    sequences, steps = examples.inputs.shape
    size = min(sequences, max(1, GROUP_STEPS // steps))
    groups = -(-sequences // size)
    # The last group is filled up with the first sequences; what they score is cut off again.
    rows = (jnp.arange(groups * size) % sequences).reshape(groups, size)

    def score_group(rows):
        inputs, targets, mask = jax.tree.map(lambda leaf: leaf[rows].T, examples)
        output = batch_logits(machine, inputs)
        return score(jnp.argmax(output, -1) == targets, mask), cross_entropy(output, targets, mask)

    return jax.tree.map(lambda leaf: leaf.reshape(-1)[:sequences], jax.lax.map(score_group, rows))


def length_bands(
    by_length: dict[int, dict[str, int | float]], bands: int = 8
) -> Iterable[tuple[str, dict[str, int | float]]]:
    """Gather a report by length into at most `bands` rows of neighboring lengths, for a table people can read.

    Each has the mean `length` of its sequences.
    """
    lengths = sorted(by_length)
    for chosen in np.array_split(lengths, min(bands, len(lengths))):
        weights = [by_length[length]["sequences"] for length in chosen]
        means = {
            name: float(np.average([by_length[length][name] for length in chosen], weights=weights))
            for name in Score._fields
        }
        name = str(chosen[0]) if len(chosen) == 1 else f"{chosen[0]}-{chosen[-1]}"
        yield name, {"length": float(np.average(chosen, weights=weights)), "sequences": sum(weights), **means}

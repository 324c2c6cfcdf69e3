"""The evaluation of language models: the cross-entropy of a text."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from neuralstack.machine import first_carried, stretch_logits
from neuralstack.tasks import Characters

STREAM = 5000  # characters of a piece, which are read in sequence
MOST_PIECES = 256  # read in parallel: the pieces of a text of millions of characters are longer


class LanguageReport(NamedTuple):
    """Cross-entropy of a text."""

    loss: float
    """Cross-entropy of the next character, in nats."""
    bits: float
    """The same in bits per character."""
    characters: int
    """Number of predicted characters."""

    @property
    def perplexity(self) -> float:
        """The exponential of the loss: prediction is as hard as among this many equally likely characters.

        Infinite if it exceeds the largest float.
        """
        try:
            return math.exp(self.loss)
        except OverflowError:
            return math.inf


def evaluate_language(
    model: Any, task: Characters, limit: int | None = None, *, text: str | None = None
) -> LanguageReport:
    """Predict every character except the first of the held-out part of a text, or of another text, once each.

    The text is read as in training: in stretches that each start with an empty memory, while the state of a machine's
    controller is carried from one to the next. A long text is cut into pieces of about 5000 characters, which are read
    in parallel.

    Args:
        model: A trained `Machine`, or any module from tokens `[steps]` to logits `[steps, vocab]`, such as a
            `Transformer`, which sees nothing of the stretches before.
        task: Its task.
        limit: Maximum number of characters to predict, from the start. Defaults to all.
        text: Another text to predict, as a whole. Defaults to the held-out part of the task's text.

    Raises:
        ValueError: If the text cannot be read, is too short, or has characters that are not in the task's alphabet.

    Examples:
        >>> import neuralstack as ns
        >>> task, key = ns.Characters(max_length=8), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> ns.evaluate_language(machine, task, limit=100).characters
        100
        >>> ns.evaluate_language(machine, task, text="Another text.").characters
        12
    """
    tokens = task.to_validate.read() if text is None else task.encode_whole(text)
    if len(tokens) < 2:
        raise ValueError(
            f"{f'the held-out part of {task.name}' if text is None else 'the text'} has {len(tokens)} characters, but "
            "at least 2 are needed, one to predict the other from: give a longer text."
        )
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}.")
    count = len(tokens) - 1 if limit is None else min(limit, len(tokens) - 1)
    stride = min(task.max_length, count)
    pieces, mask = map(jnp.asarray, _pieces(tokens[: count + 1], stride))
    loss = float(_mean_loss(model, pieces, mask, stride))
    return LanguageReport(loss, loss / float(np.log(2)), count)


def _pieces(text: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a text into pieces of whole stretches.

    Returns:
        The pieces `[1 + steps, pieces]`, padded with the last character, and the mask of the predictions that count,
        `[steps, pieces]`: every character except the first is predicted once.
    """
    count = len(text) - 1
    pieces = min(max(1, count // max(STREAM, stride)), MOST_PIECES)
    starts = np.arange(pieces) * (count // pieces)
    sizes = np.diff(starts, append=count)
    steps = np.arange(-(-sizes.max() // stride) * stride + 1)[:, None]
    return text[np.minimum(starts + steps, count)], steps[:-1] < sizes


@eqx.filter_jit
def _mean_loss(model, text, mask, stride):
    def read(carried, tokens):
        inputs, targets, mask = tokens
        logits, carried = stretch_logits(model, inputs, carried)
        losses = jnp.where(mask, optax.softmax_cross_entropy_with_integer_labels(logits, targets), 0)
        return carried, losses.sum()

    stretches = [piece.reshape(-1, stride, text.shape[1]) for piece in (text[:-1], text[1:], mask)]
    return jax.lax.scan(read, first_carried(model, text.shape[1]), stretches)[1].sum() / mask.sum()

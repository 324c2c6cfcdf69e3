"""Evaluation on a set under teacher forcing."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from neuralstack.evaluation._metrics import cross_entropy, score
from neuralstack.evaluation._report import Report
from neuralstack.evaluation._sets import SET_SIZE, Examples, fixed_set
from neuralstack.machine import batch_logits
from neuralstack.tasks import AbstractTask

GROUP_STEPS = 1 << 14  # steps x sequences that run at once, which bounds the memory that an evaluation needs


def evaluate(
    model: Any,
    task: AbstractTask | Examples,
    lengths: tuple[int, int] | None = None,
    count: int | None = None,
    *,
    count_per_length: int | None = None,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Answer every sequence of a set under teacher forcing, and report the accuracies.

    Args:
        model: A `Machine`, or any module that maps the tokens `[steps]` of one sequence to logits `[steps, vocab]`; it
            is batched by `vmap`.
        task: The task, on whose fixed set (see `fixed_set`) the model is evaluated; or a set of examples.
        lengths: The shortest and the longest source of the fixed set. Defaults to the test lengths of the task.
        count: Number of sequences in the fixed set, of uniform lengths. Defaults to 1000.
        count_per_length: Number of sequences of every length, in place of `count`.
        batch_size: Number of sequences that run at once. Defaults to the number that takes 16,384 steps in all.
        progress: Called after each batch with the number of sequences answered so far, and their total number.

    Returns:
        The coarse, fine and token accuracy and the loss, of the whole set and by length.

    Raises:
        ValueError: If lengths or counts are out of range, or given together with a set of examples.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> task = ns.TASKS["even-pairs"](max_length=4)
        >>> def constant(tokens):  # a model that always answers 1
        ...     return jax.nn.one_hot(jnp.ones_like(tokens), task.vocab_size)
        >>> report = ns.evaluate(constant, task, lengths=(3, 4), count=200)
        >>> report
        Report(coarse 0.525, fine 0.525, token 0.525, loss 1.026; 200 sequences, lengths 3-4)
        >>> sorted(report.by_length)
        [3, 4]
    """
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    data = _examples_of(task, lengths, count, count_per_length)
    return _report(lambda rows: _score_batch(model, data.examples, rows), data, batch_size, progress)


def evaluate_batches(
    answer: Callable[[Int[np.ndarray, "batch steps"]], Any],
    data: Examples,
    *,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Answer every sequence of a set under teacher forcing by a function of batches, which need not be JAX's.

    Args:
        answer: A function from a batch of tokens, a NumPy array `[batch, steps]`, to an array of logits
            `[batch, steps, vocab]`. Sequences are padded at their ends; the logits there are ignored.
        data: The set.
        batch_size: Number of sequences that run at once. Defaults to the number that takes 16,384 steps in all.
        progress: Called after each batch with the number of sequences answered so far, and their total number.

    Returns:
        The same as `evaluate`.

    Examples:
        >>> import numpy as np, neuralstack as ns
        >>> task = ns.TASKS["even-pairs"](max_length=4)
        >>> data = ns.fixed_set(task, (3, 4), 200)
        >>> evaluate_batches(lambda tokens: np.eye(task.vocab_size)[np.ones_like(tokens)], data)
        Report(coarse 0.525, fine 0.525, token 0.525, loss 1.026; 200 sequences, lengths 3-4)
    """
    examples = jax.device_get(data.examples)

    def score_rows(rows):
        inputs, targets, mask = (leaf[rows] for leaf in examples)
        logits = jnp.asarray(np.asarray(answer(inputs)), jnp.float32)
        return _score_logits(jnp.swapaxes(logits, 0, 1), targets.T, mask.T)

    return _report(score_rows, data, batch_size, progress)


def _report(
    score_rows: Callable[[Int[np.ndarray, " rows"]], Any],
    data: Examples,
    batch_size: int | None,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Return the report of a set, given a function that scores the sequences of some rows."""
    scores, losses = _score_all(score_rows, data, batch_size, progress)
    sizes = np.asarray(data.lengths)

    def mean(rows) -> dict[str, float]:
        metrics = (*scores._asdict().items(), ("loss", losses))
        return {name: float(np.mean(values[rows])) for name, values in metrics}

    by_length = {
        int(length): {"sequences": int((sizes == length).sum()), **mean(sizes == length)} for length in np.unique(sizes)
    }
    return Report(**mean(slice(None)), by_length=by_length)


def _examples_of(
    task: AbstractTask | Examples,
    lengths: tuple[int, int] | None,
    count: int | None,
    count_per_length: int | None,
) -> Examples:
    """Return the given set, or the fixed set of the given task."""
    if isinstance(task, Examples):
        if lengths is not None or count is not None or count_per_length is not None:
            raise ValueError("a set of examples has its own lengths and counts: give a task to choose them.")
        return task
    if not isinstance(task, AbstractTask):
        raise ValueError(f"evaluate needs a task or a set of examples, got {type(task).__name__}: see fixed_set.")
    if count is not None and count_per_length is not None:
        raise ValueError(f"give count or count_per_length, not both, got {count} and {count_per_length}.")
    return fixed_set(
        task.to_test,
        lengths or task.test_lengths,
        SET_SIZE if count is None else count,
        count_per_length=count_per_length,
    )


def _score_all(
    score_rows: Callable[[Int[np.ndarray, " rows"]], Any],
    data: Examples,
    batch_size: int | None,
    progress: Callable[[int, int], None] | None,
) -> Any:
    """Return the scores and the losses of all sequences, computed in batches of one size."""
    sequences, steps = data.examples.inputs.shape
    size = min(sequences, batch_size or max(1, GROUP_STEPS // steps))
    batches = []
    for start in range(0, sequences, size):
        # The last batch is padded with the first sequences, whose scores are then cut off.
        batches.append(score_rows(np.arange(start, start + size) % sequences))
        if progress is not None:
            jax.block_until_ready(batches[-1])
            progress(min(start + size, sequences), sequences)
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:sequences], *jax.device_get(batches))


@eqx.filter_jit
def _score_batch(model, examples, rows):
    inputs, targets, mask = jax.tree.map(lambda leaf: leaf[rows].T, examples)
    return _score_logits(batch_logits(model, inputs), targets, mask)


@jax.jit
def _score_logits(output, targets, mask):
    return score(jnp.argmax(output, -1) == targets, mask), cross_entropy(output, targets, mask)

"""The benchmark: any model on the tasks of an experiment, beside the published scores."""

from collections.abc import Callable, Sequence
from typing import Any

import optax

from neuralstack.experiments._benchmark_progress import show_benchmark
from neuralstack.experiments._benchmark_result import BenchmarkResult, BenchmarkRow
from neuralstack.experiments._trial import Trial
from neuralstack.training import clipped_adam

LEARNING_RATE = 3e-3  # of networks in general; machines with a memory can take a larger one


def benchmark(
    build: Callable[..., Any],
    suite: str = "chomsky",
    *,
    tasks: Sequence[str] | None = None,
    max_steps: int = 10_000,
    batch_size: int = 50,
    optimizer: optax.GradientTransformation | None = None,
    seeds: int = 1,
    first_seed: int = 0,
    count: int | None = None,
    name: str | None = None,
    show: bool = True,
    progress: Callable[[BenchmarkRow], None] | None = None,
) -> BenchmarkResult:
    """Measure a model of yours on the tasks of a published benchmark, after training it if it is a JAX module.

    `build(vocab_size, key)` returns a new model for a task. There are two kinds:

    - **A JAX module with weights**, such as an Equinox module or a `Machine`, from the tokens `[steps]` of one sequence
      to logits `[steps, vocab_size]`. It is trained by `fit` on the task's training lengths, batched by `vmap`.
    - **Any other callable**, from a batch of tokens `[batch, steps]` to logits `[batch, steps, vocab_size]`: a function
      of JAX or NumPy arrays, or a PyTorch module, which is called in evaluation mode. It is measured as it is. If
      `build` has a parameter `task`, it is given the task's name, so that it can load what was trained for this task.
      The tokens are a NumPy array of integers; for a PyTorch module, a tensor.

    Either kind is measured on the task's fixed test set, whose sequences are longer than those of training. Sequences
    are padded at their ends. In the suites other than `chomsky`, later inputs hold the answer, so a model must not look
    ahead, which is checked. Every model is built once before the first is trained, so that mistakes show early.

    Args:
        build: The function that returns a model. It may also be the class of a module.
        suite: One of `chomsky`, `transductions`, `counting` and `dyck`.
        tasks: The tasks of the suite. Defaults to all.
        max_steps: Maximum number of batches to train on. Training stops earlier after 4 perfect evaluations in a row.
        batch_size: Number of sequences in a batch of training.
        optimizer: Any Optax optimizer. Defaults to `clipped_adam(3e-3)`.
        seeds: Number of models for each task: the random keys are those of the seeds from `first_seed` on.
        first_seed: The first seed.
        count: Number of test sequences of each task, for a quick look. Defaults to 1000; in the suite `chomsky`, to 10
            of each of the 460 lengths. The suite `counting` has 60 strings, whose number cannot be chosen.
        name: Name of the model in the result. Defaults to that of its class, or of `build` if it is a function.
        show: Whether to show the progress, and each model's outcome, on standard error.
        progress: Called with each model's outcome.

    Returns:
        The scores of all tasks and seeds, in the order of the tasks: printed, a table beside the published scores.

    Raises:
        ValueError: If a name is unknown, a number is out of range, or `build` returns what is not a model.

    Examples:
        >>> import numpy as np, neuralstack as ns
        >>> def build(vocab_size, key):  # a model that always answers 1
        ...     return lambda tokens: np.eye(vocab_size)[np.ones_like(tokens)]
        >>> result = ns.benchmark(build, tasks=["parity"], count=20, name="always 1", show=False)
        >>> result
        BenchmarkResult(chomsky: always 1 on 1 task, mean score 65.0)
        >>> result.rows[0].steps
        0
    """
    trial = Trial(build, suite, count, name, max_steps, batch_size, optimizer or clipped_adam(LEARNING_RATE))
    if progress is not None and not callable(progress):
        raise ValueError(f"progress must be a function of a row, got {progress!r}.")
    names = trial.check_arguments(tasks, seeds, first_seed)
    for task in names:
        trial.check_model(task, first_seed)
    cells = [(task, seed) for task in names for seed in range(first_seed, first_seed + seeds)]
    rows = []
    with show_benchmark(len(cells), max_steps, enabled=show) as shown:
        for task, seed in cells:
            shown.start(task, seed)
            rows.append(trial.run(task, seed, shown))
            shown.finish(rows[-1])
            if progress is not None:
                progress(rows[-1])
    return BenchmarkResult(tuple(rows))

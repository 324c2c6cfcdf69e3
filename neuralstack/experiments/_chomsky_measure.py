"""The score of the Chomsky-hierarchy benchmark, and the accuracy of the same machine, hardened, on longer strings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from neuralstack.discretization import harden
from neuralstack.evaluation import Examples, Report, evaluate, fixed_set
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask
from neuralstack.training import Config, Run, build_task, defer_keyboard_interrupt

PER_LENGTH = 10  # sequences of each of the 460 test lengths
ALL = {"count_per_length": PER_LENGTH}
FAR = {500: 100, 5000: 100}  # number of strings of each length on which hardened machines are measured
FAR_OF_TAPES = {500: 100, 5000: 10}  # the time that a step of a tape takes grows with the length
BANDS = 10  # of neighboring lengths, whose mean accuracies are stored
FAR_STEPS = 1 << 17  # steps x sequences that run at once


def measure(
    run: Run,
    config: Config,
    drawn: Mapping[str, int] = ALL,
    far: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """Return the accuracies of a trained machine, as saved and hardened, and when its validation was perfect.

    Everything that belongs to hardening is None for a machine that has nothing to round (see `hardened`).

    Args:
        run: A trained run.
        config: Its complete configuration.
        drawn: Size of the set of the test lengths, as an argument of `fixed_set`.
        far: Number of strings for the hardened machine, by their length. Defaults to 100 of 500 and of 5000 symbols,
            but 10 of 5000 for a tape.
    """
    task, machine = build_task(config), run.load_model()
    far = far or (FAR_OF_TAPES if config.machine.memory == "tape" else FAR)
    data = fixed_set(task.to_test, task.test_lengths, **drawn)
    report, hard = evaluated(machine, data), hardened(machine, task)
    return {
        "score": score_of(report),
        "whole": report.coarse,
        "hard_score": None if hard is None else report.coarse if hard is machine else evaluated(hard, data).coarse,
        **{f"hard_{length}": accuracy_at(hard, task, length, strings) for length, strings in far.items()},
        **solved_at(run, config),
        "by_length": by_length(report),
    }


def hardened(machine: Machine, task: AbstractTask) -> Machine | None:
    """Return a machine with discrete actions, or None if it has neither actions nor a rounded state.

    A machine that was trained with quantization noise and has no memory is itself already discrete.
    """
    if not machine.memory.action_size:
        return machine if machine.quantized else None
    return harden(machine, task)


def accuracy_at(machine: Machine | None, task: AbstractTask, length: int, strings: int) -> float | None:
    """Return the fraction of strings of a length that are answered without an error.

    If a task has no strings of that length, they have the nearest one that it has.
    """
    if machine is None:
        return None
    size = int(task.source_length(length)) if task.sized_by_source else length
    data = fixed_set(task.to_test, (size, size), strings)
    return evaluated(machine, data, max(1, FAR_STEPS // int(replace(task, max_length=size).steps))).coarse


def evaluated(machine: Machine, data: Examples, batch_size: int | None = None) -> Report:
    """Evaluate a machine on a set; Ctrl-C ends it, in other threads too."""
    with defer_keyboard_interrupt() as interrupted:

        def check(count: int, total: int) -> None:
            if interrupted():
                raise KeyboardInterrupt

        return evaluate(machine, data, batch_size=batch_size, progress=check)


def score_of(report: Report) -> float:
    """Return the score of the benchmark: the token accuracy in percent, averaged over the lengths."""
    return 100 * float(np.mean([row["token"] for row in report.by_length.values()]))


def by_length(report: Report) -> dict[int, float]:
    """Return the mean token accuracy of bands of lengths, by the middle length of each."""
    bands = np.array_split(sorted(report.by_length), min(BANDS, len(report.by_length)))
    return {
        int(np.mean(band)): float(np.mean([report.by_length[int(length)]["token"] for length in band]))
        for band in bands
    }


def solved_at(run: Run, config: Config) -> dict[str, Any]:
    """Return after how many batches and seconds validation had been perfect often enough, or None for both."""
    records = run.metrics()
    step = config.stopping.perfect_at(records)
    seconds = [record["seconds"] for record in records if record["step"] == step]
    return {"solved_steps": step, "solved_seconds": seconds[-1] if seconds else None}

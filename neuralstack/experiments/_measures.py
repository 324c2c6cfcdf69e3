"""Measures and summaries that several experiments share."""

from typing import Any

from neuralstack.evaluation import evaluate, fixed_set, success_interval
from neuralstack.experiments._experiment import Measured
from neuralstack.training import Config, Run, build_task

METRICS = ("coarse", "fine", "token", "loss")


def accuracies(run: Run, config: Config) -> dict[str, Any]:
    """Return the metrics on the fixed sets of the training and of the test lengths, as `train` and `test`."""
    machine, task = run.load_model(), build_task(config)
    return {
        name: {metric: getattr(report, metric) for metric in METRICS}
        for name, lengths in (("train", config.lengths), ("test", task.test_lengths))
        for report in [evaluate(machine, fixed_set(task, lengths))]
    }


def solved_seeds(runs: list[Measured]) -> dict[str, Any]:
    """Summarize the seeds of a variant: how many are solved, in what time, and the best one.

    A seed is solved if its machine, soft as trained, answers every sequence of the fixed test set without an error;
    that set does not affect training. The best seed has the best accuracies on the training lengths and, among equals,
    the lowest loss there.
    """
    solved = sum(run["test"]["coarse"] == 1 for run in runs)
    seconds, steps = (sorted(run[name] for run in runs) for name in ("seconds", "steps"))
    best = max(runs, key=lambda run: (run["train"]["coarse"], run["train"]["fine"], -run["train"]["loss"]))
    return {
        "solved": solved,
        "interval": list(success_interval(solved, len(runs))),
        "restarted": sum(run["restarts"] > 0 for run in runs),
        "median_steps": steps[len(steps) // 2],
        "most_steps": steps[-1],
        "median_seconds": seconds[len(seconds) // 2],
        "most_seconds": seconds[-1],
        "best": {"seed": best["seed"], "train": best["train"], "test": best["test"]},
    }


def describe_test(run: Measured) -> str:
    """Return the test accuracy of a seed in a few words."""
    return f"test coarse {run['test']['coarse']:.3f}, fine {run['test']['fine']:.3f}"

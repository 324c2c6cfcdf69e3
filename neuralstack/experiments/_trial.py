"""One model of the benchmark after the other: checked, trained if it is to be trained, and measured."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import optax

from neuralstack._lookup import lookup
from neuralstack.evaluation import Report, evaluate, evaluate_batches
from neuralstack.experiments._benchmark_progress import BenchmarkProgress
from neuralstack.experiments._benchmark_result import BenchmarkRow
from neuralstack.experiments._experiment import LARGEST_SEED
from neuralstack.experiments._given_model import (
    batch_answer,
    build_model,
    is_torch_module,
    is_trained,
    require_causal,
    require_sequences,
)
from neuralstack.experiments._suites import SUITES
from neuralstack.tasks import TASKS
from neuralstack.training import Fitted, fit

EVALUATE_EVERY = 200  # steps of training between two evaluations on the validation set
MEASURED = ("score", "whole", "fine", "token", "loss")


@dataclass(frozen=True)
class Trial:
    """Training and measuring of one model after the other; the arguments are those of `benchmark`."""

    build: Callable[..., Any]
    suite: str
    count: int | None
    name: str | None
    max_steps: int
    batch_size: int
    optimizer: optax.GradientTransformation

    def check_arguments(self, tasks: Sequence[str] | None, seeds: int, first_seed: int) -> list[str]:
        """Return the names of the chosen tasks.

        Raises:
            ValueError: If a name is unknown, or a number is out of range.
        """
        if not isinstance(self.suite, str):
            raise ValueError(f"suite must be one of {', '.join(SUITES)}, got {self.suite!r}.")
        if isinstance(tasks, str) or any(not isinstance(task, str) for task in tasks or ()):
            raise ValueError(f"tasks must be a list of names, such as ['parity'], got {tasks!r}.")
        if self.name is not None and not isinstance(self.name, str):
            raise ValueError(f"name must be text, got {self.name!r}.")
        suite = lookup("suite", SUITES, self.suite)
        known = dict.fromkeys(suite.tasks, True)
        for task in tasks or ():
            lookup(f"task of the suite {self.suite}", known, task)
        if tasks is not None and len(set(tasks)) < max(len(tasks), 1):
            raise ValueError(f"tasks must be at least one, and each only once, got {', '.join(tasks) or 'none'}.")
        numbers = {"max_steps": self.max_steps, "batch_size": self.batch_size, "count": self.count, "seeds": seeds}
        for name, given in numbers.items():
            if given is not None and not isinstance(given, int):
                raise ValueError(f"{name} must be a whole number, got {given!r}.")
            if given is not None and given < 1:
                raise ValueError(f"{name} must be at least 1, got {given}.")
        last = LARGEST_SEED + 1 - seeds
        if not isinstance(first_seed, int) or not 0 <= first_seed <= last:
            raise ValueError(f"first_seed must be from 0 to {last}, got {first_seed!r}.")
        if self.count is not None and suite.has_every_string:
            raise ValueError(f"the suite {self.suite} is measured on every string: leave out count={self.count}.")
        return list(tasks or suite.tasks)

    def check_model(self, task: str, seed: int) -> None:
        """Build a model and check that it can be measured on a task.

        Raises:
            ValueError: If it cannot, or if it looks ahead where later inputs hold the answer.
        """
        built = TASKS[task]()
        model = self.built_model(task, seed)
        if is_trained(model):
            require_sequences(model, built)
        if SUITES[self.suite].shows_answers:
            require_causal(model, replace(built, max_length=built.train_lengths[1]))

    def built_model(self, task: str, seed: int) -> Any:
        """Return a new model for a task."""
        return build_model(self.build, task, TASKS[task]().vocab_size, jax.random.split(jax.random.key(seed))[0])

    def run(self, task: str, seed: int, shown: BenchmarkProgress) -> BenchmarkRow:
        """Build a model, train it if it is to be trained, and measure it."""
        model = self.built_model(task, seed)
        name = self.name or name_of(model, self.build)
        steps, started, is_to_train = 0, time.perf_counter(), is_trained(model)
        try:
            if is_to_train:
                model, history = self.train(model, task, seed, shown)
                steps = history[-1]["step"]
        except FloatingPointError as error:
            measured, failure = dict.fromkeys(MEASURED, math.nan), str(error)
            seconds = time.perf_counter() - started
        else:
            seconds = time.perf_counter() - started if is_to_train else 0.0
            report, failure = self.measure(model, task, shown), ""
            metrics = SUITES[self.suite].score(report), report.coarse, report.fine, report.token, report.loss
            measured = dict(zip(MEASURED, metrics, strict=True))
            if not math.isfinite(report.loss):
                failure = "its logits are not finite numbers"
        return BenchmarkRow(self.suite, task, name, seed, steps=steps, seconds=seconds, failure=failure, **measured)

    def train(self, model: Any, task: str, seed: int, shown: BenchmarkProgress) -> Fitted:
        """Train a model on the training lengths of a task."""
        return fit(
            model,
            TASKS[task](),
            optimizer=self.optimizer,
            batch_size=self.batch_size,
            max_steps=self.max_steps,
            evaluate_every=EVALUATE_EVERY,
            key=jax.random.split(jax.random.key(seed))[1],
            progress=shown.trained,
        )

    def measure(self, model: Any, task: str, shown: BenchmarkProgress) -> Report:
        """Measure a model on the test set of a task."""
        data = SUITES[self.suite].test(task, self.count)
        if is_trained(model):
            return evaluate(model, data, progress=shown.evaluated)
        return evaluate_batches(batch_answer(model, TASKS[task]().vocab_size), data, progress=shown.evaluated)


def name_of(model: Any, build: Callable[..., Any]) -> str:
    """Return the name of a module's class; of other models, that of the function that built it."""
    is_module = is_trained(model) or is_torch_module(model)
    return type(model).__name__ if is_module else getattr(build, "__name__", type(build).__name__)

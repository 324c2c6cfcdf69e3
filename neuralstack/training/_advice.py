"""Advice for a training that did not learn: the rule for when it did not, and what to try."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from neuralstack.evaluation import fixed_set
from neuralstack.tasks import AbstractTask, Characters
from neuralstack.training._build import build_task
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._measure import HELD_OUT_SYMBOLS
from neuralstack.training._options import configure
from neuralstack.training._stopping import LEARNED, Record, rank
from neuralstack.training._task_recipes import MACHINE, TASK_RECIPES

TRIES = {
    "recipe": "the task's own recipe, which another memory, controller, connection or readout sets aside",
    "memory": "a memory",
    "max_steps": "more steps, since it was still improving",
    "connection": "the connection feedback",
    "restart_after": "no restarts",
    "seed": "another seed",
}
"""Suggestions, the most promising first, by the option that they change."""

RECENT = 0.25  # of the evaluations: training whose best one is among the last was still improving


class Advice(NamedTuple):
    """Advice for a training that did not learn."""

    found: str
    """The best validation result, beside that of guessing."""
    tries: tuple[str, ...]
    """Keys of `TRIES`."""

    def text(self, options: Mapping[str, str] | None = None) -> str:
        """Return the advice as a sentence.

        Args:
            options: Text in parentheses after a suggestion, by its key. Defaults to none.

        Examples:
            >>> Advice("sequence accuracy 0.060", ("memory", "seed")).text({"seed": "seed=1"})
            'did not learn: sequence accuracy 0.060; try a memory; another seed (seed=1)'
        """
        given = options or {}
        shown = [TRIES[name] + (f" ({given[name]})" if name in given else "") for name in self.tries]
        return f"did not learn: {self.found}; try {'; '.join(shown)}"


def advise(config: Config, records: Sequence[Record]) -> Advice | None:
    """Return advice for a training that ended with these evaluations, or None if it learned.

    A machine has learned if it comes at least half of the way from guessing to perfect: guessing gives every sequence
    the answer that is right most often. For a text it has learned if it predicts better than the frequencies of the
    characters do.

    Args:
        config: The complete configuration.
        records: The evaluations, at least one.

    Examples:
        >>> records = [{"step": 50, "attempt": 0, "validation": {"coarse": 0.55, "fine": 0.55}}]
        >>> advise(complete(Config("parity")), records).found  # right or wrong, nothing else
        'best sequence accuracy 0.550 on the validation set, where guessing gives 0.502'
        >>> advise(complete(Config("reversal")), records)
    """
    best = max(records, key=rank)
    validation = best["validation"]
    if validation.get("coarse", 0) == 1:
        return None
    task = build_task(config)
    if "coarse" not in validation:
        guessed = loss_of_guessing(task)
        found = f"best loss {validation['loss']:.3f} on the held-out text, where the frequencies give {guessed:.3f}"
        return None if validation["loss"] < guessed else Advice(found, tries_for(config, records))
    guessed = accuracy_of_guessing(task, config.lengths)
    if validation["coarse"] >= guessed + LEARNED * (1 - guessed):
        return None
    found = (
        f"best sequence accuracy {validation['coarse']:.3f} on the validation set, where guessing gives {guessed:.3f}"
    )
    return Advice(found, tries_for(config, records))


def accuracy_of_guessing(task: AbstractTask, lengths: tuple[int, int]) -> float:
    """Return the share of the validation sequences whose answer is the most frequent one."""
    examples = fixed_set(task, lengths).examples
    pairs = zip(np.array(examples.targets), np.array(examples.mask), strict=True)
    answers = Counter(target[mask].tobytes() for target, mask in pairs)
    return max(answers.values()) / answers.total()


def loss_of_guessing(task: AbstractTask) -> float:
    """Return the loss on a held-out text of always predicting the frequencies of its characters, in nats."""
    assert isinstance(task, Characters)
    counts = np.bincount(task.to_validate.read()[1 : HELD_OUT_SYMBOLS + 1])
    frequencies = counts[counts > 0] / counts.sum()
    return float(-(frequencies * np.log(frequencies)).sum())


def tries_for(config: Config, records: Sequence[Record]) -> tuple[str, ...]:
    """Return what to try, as keys of `TRIES`."""
    machine, best = config.machine, max(records, key=rank)
    has_recipe = config.task in TASK_RECIPES
    of_recipe = complete(configure(config.task)).machine if has_recipe else None
    follows_recipe = of_recipe is not None and all(
        getattr(machine, name) == getattr(of_recipe, name) for name in MACHINE
    )
    fits = {
        "recipe": has_recipe and not follows_recipe,
        "memory": machine.memory == "none" and not has_recipe,
        "max_steps": best["step"] > (1 - RECENT) * records[-1]["step"],
        "connection": machine.connection == "layer" and machine.memory != "none" and not has_recipe,
        "restart_after": any(record["attempt"] > 0 for record in records) and not follows_recipe,
        "seed": True,
    }
    return tuple(name for name in TRIES if fits[name])

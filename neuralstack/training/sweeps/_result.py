"""The result of a sweep: what became of each of its runs, and how many of them succeeded."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from neuralstack.evaluation import success_interval
from neuralstack.training._advice import Advice
from neuralstack.training._bounds import to_json
from neuralstack.training._config import Config
from neuralstack.training._outcome import Outcome
from neuralstack.training._resume import flatten
from neuralstack.training._run_directory import Run
from neuralstack.training._stopping import rank
from neuralstack.training.sweeps._cell import Answer
from neuralstack.training.sweeps._grid import value_text
from neuralstack.training.sweeps._outcome_file import best_validation, outcome_from


class SweepMember(NamedTuple):
    """The result of one member of a sweep."""

    name: str
    """Name of its run's directory inside that of the sweep."""
    seed: int
    learning_rate: float
    outcome: Outcome
    validation: dict[str, float]
    """Accuracies and loss of its best weights on the validation set."""
    options: Mapping[str, Any] = MappingProxyType({})
    """The values of the options in which the configurations of the sweep differ, apart from the seed."""

    @property
    def solved(self) -> bool:
        """Whether it answered every sequence of the validation set."""
        return self.validation.get("coarse") == 1


class SweepGroup(NamedTuple):
    """The members of a sweep that differ only in their seeds."""

    options: Mapping[str, Any]
    """The values of the options in which the configurations of the sweep differ, apart from the seed."""
    solved: int
    """Number of members that answered every sequence of the validation set."""
    of: int
    """Number of members."""
    interval: tuple[float, float]
    """The 95% confidence interval of the probability that a member answers every sequence."""


class SweepResult(NamedTuple):
    """The result of a sweep."""

    members: list[SweepMember]
    best: SweepMember
    """The member with the best validation result; among equals, the first that did not fail."""
    solved: int
    """Number of members that answered every sequence of the validation set."""
    interval: tuple[float, float]
    """The 95% confidence interval of the probability that a member answers every sequence."""

    @property
    def groups(self) -> list[SweepGroup]:
        """The same for each combination of the options that vary."""
        together: dict[tuple[Any, ...], list[SweepMember]] = {}
        for member in self.members:
            together.setdefault(tuple(member.options.values()), []).append(member)
        return [
            SweepGroup(members[0].options, solved := number_solved(members), len(members), interval(solved, members))
            for members in together.values()
        ]

    def __repr__(self) -> str:
        low, high = self.interval
        solved = f"{self.solved} of {len(self.members)} solved, 95% interval {low:.3f}-{high:.3f}"
        return f"SweepResult({solved}; best: {self.best.name})"


def number_solved(members: list[SweepMember]) -> int:
    """Return how many members answered every sequence of the validation set."""
    return sum(member.solved for member in members)


def interval(solved: int, members: list[SweepMember]) -> tuple[float, float]:
    """Return the 95% confidence interval of the probability that a member answers every sequence."""
    return success_interval(solved, len(members))


def result_of(
    path: Path, given: Mapping[str, Config], complete: Mapping[str, Config], answers: Mapping[str, Answer]
) -> SweepResult:
    """Return the result of a sweep.

    Args:
        path: Its directory.
        given: The configurations by name, as they were given.
        complete: The complete ones.
        answers: What became of each.
    """
    varied = varied_options(given)
    members = []
    for name, config in complete.items():
        run, answer = Run(path / name), answers[name]
        outcome = outcome_from(answer, config, run) if "validation" in answer else failed_outcome(answer, run)
        rate = config.optimizer.learning_rate or 0.0
        members.append(SweepMember(name, config.seed, rate, outcome, best_validation(run), varied[name]))
    return result_of_members(members)


def result_of_members(members: list[SweepMember]) -> SweepResult:
    """Return the result of a sweep with these members."""
    best = max(members, key=lambda member: (rank({"validation": member.validation}), member.outcome.status != "failed"))
    solved = number_solved(members)
    return SweepResult(members, best, solved, interval(solved, members))


def told_result(result: SweepResult) -> dict[str, Any]:
    """Return a result as plain data, for processes that do not see the sweep's directory."""
    return {"members": [{**member._asdict(), "options": dict(member.options)} for member in result.members]}


def heard_result(told: dict[str, Any]) -> SweepResult:
    """Return the result that `told_result` made plain data of.

    Examples:
        >>> outcome = Outcome("done", "", 10, 0, 1.0, False, Advice("accuracy 0", ("memory",)))
        >>> result = result_of_members([SweepMember("seed-0", 0, 0.01, outcome, {"coarse": 0.0, "fine": 0.5})])
        >>> import json
        >>> heard_result(json.loads(json.dumps(told_result(result)))) == result
        True
    """
    members = []
    for member in told["members"]:
        *fields, advice = member["outcome"]
        outcome = Outcome(*fields, advice=None if advice is None else Advice(advice[0], tuple(advice[1])))
        members.append(SweepMember(**{**member, "outcome": outcome}))
    return result_of_members(members)


def failed_outcome(answer: Answer, run: Run) -> Outcome:
    """Return the outcome of a run that an error ended."""
    last = run.metrics()[-1:]
    steps, restarts, seconds = (last[0][name] for name in ("step", "attempt", "seconds")) if last else (0, 0, 0.0)
    return Outcome("failed", answer["message"], steps, restarts, seconds, learned=False)


def varied_options(configs: Mapping[str, Config]) -> dict[str, dict[str, Any]]:
    """Return, for each configuration, the values of the options in which they differ, apart from the seed.

    Examples:
        >>> import neuralstack as ns
        >>> cells = ns.grid(ns.configure("reversal"), memory=("stack", "queue"), warmup_lengths=((4, 8), (8,)))
        >>> varied_options(cells)["seed-0-memory-queue-warmup_lengths-8"]
        {'curriculum_lengths': '8', 'memory': 'queue'}
    """
    trees = {name: flatten(to_json(config)) for name, config in configs.items()}
    paths = sorted({path for tree in trees.values() for path in tree} - {"seed"})
    texts = {path: {repr(tree.get(path)) for tree in trees.values()} for path in paths}
    varied = [path for path in paths if len(texts[path]) > 1]
    return {name: {column(path): flat(tree.get(path)) for path in varied} for name, tree in trees.items()}


def column(path: str) -> str:
    """Return the name of a field as a heading.

    Examples:
        >>> column("optimizer.learning_rate"), column("curriculum.lengths"), column("objective.kind")
        ('learning_rate', 'curriculum_lengths', 'objective')
    """
    branch, _, field = path.rpartition(".")
    if field == "kind":
        return branch
    return f"{branch}_{field}" if branch in ("curriculum", "quantization") else field


def flat(value: Any) -> Any:
    """Return a value as a number, a text or nothing."""
    return value_text(value) if isinstance(value, list) else value

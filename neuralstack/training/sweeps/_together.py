"""Training the cells of a sweep in this process: those that differ only in seed and learning rate all together."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from neuralstack._files import InUseError
from neuralstack._heartbeat import say
from neuralstack.training._config import Config
from neuralstack.training._population_followers import follow_population
from neuralstack.training._room import check_memory_size
from neuralstack.training._run_directory import Run
from neuralstack.training._train import train_all
from neuralstack.training.distributed import DeviceGroup
from neuralstack.training.sweeps._cell import Answer, in_one_line
from neuralstack.training.sweeps._dispatch import LATER
from neuralstack.training.sweeps._lock import held
from neuralstack.training.sweeps._outcome_file import keep_outcome, kept_outcome

Cells = Mapping[str, Config]
CallbacksOfEach = Mapping[str, list[Any]]


def groups_of(cells: Cells) -> list[dict[str, Config]]:
    """Return the cells in groups that differ only in seed and learning rate."""
    groups: dict[Config, dict[str, Config]] = {}
    for name, config in cells.items():
        alike = replace(config, seed=0, optimizer=replace(config.optimizer, learning_rate=None))
        groups.setdefault(alike, {})[name] = config
    return [*groups.values()]


def require_memory(cells: Cells, processes: int = 1) -> None:
    """Check that cells trained together do not need more memory than the computer has.

    Args:
        cells: The configurations by name.
        processes: The number of processes over which they are spread.

    Raises:
        ValueError: If they do.
    """
    for group in groups_of(cells):
        check_memory_size(next(iter(group.values())), -(-len(group) // processes))


def train_together(
    cells: Cells,
    path: Path,
    call: str,
    *,
    show: bool,
    callbacks: CallbacksOfEach,
    devices: DeviceGroup | None = None,
) -> dict[str, Answer]:
    """Train one group of cells after another, and return what became of each.

    Cells that another process trains are left to it, and asked for again once the others have ended.

    Args:
        cells: The configurations by name.
        path: The sweep's directory.
        call: The name of this call.
        show: Whether to show progress.
        callbacks: The callbacks of each.
        devices: The devices over which the cells of a group are spread; the other processes call `follow_groups`.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed; what is being trained is saved first.
    """
    groups = groups_of(cells)
    answers: dict[str, Answer] = {}
    while True:
        for group in groups:
            left = {name: config for name, config in group.items() if name not in answers}
            try:
                answers |= train_group(left, path, call, show=show, callbacks=callbacks, devices=devices)
            except Exception as error:
                if len(groups) == 1 or devices is not None:  # there is nothing, or are no processes, to go on with
                    raise
                say(f"neuralstack: {', '.join(left)} failed: {in_one_line(error)}")
                answers |= {name: {"status": "failed", "message": in_one_line(error)} for name in left}
        if len(answers) == len(cells):
            return answers
        if show:
            say(f"neuralstack: waiting for {', '.join(cells.keys() - answers.keys())}, which other processes train")
        time.sleep(LATER)


def follow_groups(cells: Cells, path: Path, devices: DeviceGroup) -> Any:
    """Train what process 0 says in its call of `train_together`, as another process; return what it says at the end.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed in any process.
    """
    while "train" in (told := devices.hear().value):
        if follow_population(devices, [(cells[name], path / name) for name in told["train"]]):
            raise KeyboardInterrupt
    return told


def train_group(
    cells: Cells,
    path: Path,
    call: str,
    *,
    show: bool,
    callbacks: CallbacksOfEach,
    devices: DeviceGroup | None,
) -> dict[str, Answer]:
    """Train cells together, and return what became of those that no other process trains."""
    answers: dict[str, Answer] = {}
    with ExitStack() as locks:
        to_train: dict[str, Config] = {}
        for name, config in cells.items():
            try:
                locks.enter_context(held(path, name, call))
            except InUseError:
                continue
            kept = kept_outcome(path / name, config)
            if kept is None:
                to_train[name] = config
            else:
                answers[name] = kept
        if not to_train:
            return answers
        runs = [(config, path / name) for name, config in to_train.items()]
        followed = [callbacks[name] for name in to_train]
        if devices is not None:
            devices.tell({"train": [*to_train]})
        outcomes = train_all(runs, resume=True, show=show, callbacks=followed, population=devices)
        for (name, config), outcome in zip(to_train.items(), outcomes, strict=True):
            if outcome.status != "interrupted":
                answers[name] = keep_outcome(outcome, config, Run(path / name))
        if any(outcome.status == "interrupted" for outcome in outcomes):
            raise KeyboardInterrupt
    return answers

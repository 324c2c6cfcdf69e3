"""A sweep: many configurations, each trained in its own directory, in this process or by workers anywhere."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from neuralstack._arguments import require_object
from neuralstack._files import read_bounded
from neuralstack._json import parse_json
from neuralstack.training._bounds import check_field, from_json, to_json
from neuralstack.training._callbacks import Callbacks
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._file_places import keep_places
from neuralstack.training._options import with_options
from neuralstack.training._own_parts import OwnParts
from neuralstack.training._population import check_population
from neuralstack.training._refused import remove_first_files
from neuralstack.training._resume import changes_of
from neuralstack.training._run_directory import Run
from neuralstack.training.distributed import DeviceGroup
from neuralstack.training.sweeps._cell import Answer, train_cell
from neuralstack.training.sweeps._connection import require_same_version
from neuralstack.training.sweeps._dispatch import Dispatcher, new_call
from neuralstack.training.sweeps._files import located, with_absolute_files
from neuralstack.training.sweeps._grid import grown
from neuralstack.training.sweeps._lock import WORKERS, held_soon, lock_file
from neuralstack.training.sweeps._outcome_file import kept_outcome
from neuralstack.training.sweeps._result import SweepResult, heard_result, result_of, told_result
from neuralstack.training.sweeps._summary import SWEEP_FILE, keep, plan_of, write_sweep
from neuralstack.training.sweeps._table import displayed
from neuralstack.training.sweeps._together import follow_groups, require_memory, train_together
from neuralstack.training.sweeps._watch import Watch

RETRIES = 10


def sweep(
    configs: Mapping[str, Config] | Sequence[Config],
    path: str | Path,
    *,
    executor: Executor | None = None,
    retries: int = RETRIES,
    show: bool = True,
    callbacks: Sequence[Any] = (),
    devices: DeviceGroup | None = None,
) -> SweepResult:
    """Train many configurations, each in a directory of its own, and go on where an earlier call stopped.

    A configuration that has ended is not trained again, and one that was interrupted is resumed, so the same call
    continues a sweep until it is through, from any computer that sees the directory, and even several at once. The best
    run by validation is copied into the directory itself. `sweep.json` holds the outcome of each, and `summary.json`
    and `summary.csv` a row for each.

    Args:
        configs: The configurations by name, as `grid` gives them, or a list of them.
        path: The directory, in which each configuration has one of its name.
        executor: The workers: `LocalWorkers`, a `ProcessPoolExecutor`, `distributed.Client(...).get_executor()`, or any
            other executor whose workers see the directory. Without one, all is trained in this process:
            configurations that differ only in seed and learning rate together, with one compiled program, others one
            after another.
        retries: How often a configuration is given to another worker after its worker has died.
        show: Whether to show progress on the terminal.
        callbacks: Objects that follow each training, through their `of_member`: see `Callback`. They are called in this
            process, so there can be no executor.
        devices: The devices of all processes that make the same call, in place of an executor: configurations that
            differ only in seed and learning rate are spread over them, each on one device, and process 0 alone uses the
            directory.

    Raises:
        ValueError: If there is nothing to train, a configuration is invalid, or the directory holds something else or
            a run of the same name with another configuration.
        KeyboardInterrupt: If Ctrl-C was pressed; what was trained is kept, and the same call goes on.
        ConnectionError: If no worker is left.

    Examples:
        >>> import neuralstack as ns, tempfile
        >>> config = ns.configure("reversal", max_length=8, hidden_dim=8, memory_dim=8, max_steps=2, evaluate_every=2)
        >>> cells = ns.grid(config, seeds=2, learning_rate=(0.01, 0.03))
        >>> result = ns.sweep(cells, tempfile.mkdtemp(), show=False)
        >>> [group.options for group in result.groups], len(result.members)
        ([{'learning_rate': 0.01}, {'learning_rate': 0.03}], 4)
    """
    if retries < 0:
        raise ValueError(f"retries must be at least 0, got {retries}.")
    if callbacks and executor is not None:
        raise ValueError(
            "callbacks follow trainings in this process, but an executor trains in others: leave out the executor, or "
            "read the curves of the sweep with neuralstack.training.export_metrics."
        )
    if devices is not None:
        require_object("devices", devices, DeviceGroup, "ns.DeviceGroup()")
        if executor is not None:
            raise ValueError("the devices of several processes take the place of an executor: give one of the two.")
    given = {name: with_absolute_files(config) for name, config in named(configs).items()}
    cells, path, call = completed(given), Path(path), new_call()
    if executor is None:
        require_memory(cells, 1 if devices is None else devices.processes)
    if devices is not None:
        check_population(devices, [*cells.values()])
        if not devices.leads:
            return heard_result(follow_groups(cells, path, devices))
    shared = Callbacks(callbacks)
    followed = {name: shared.of_member(name) for name in cells}
    with removed_if_nothing_began(path, cells):
        begin_sweep(path, given, cells, call)
        answers = (
            train_together(cells, path, call, show=show, callbacks=followed, devices=devices)
            if executor is None
            else train_on(executor, cells, path, call, retries=retries, show=show)
        )
    result = result_of(path, given, cells, answers)
    with held_soon(path, SWEEP_FILE, call):
        keep(result, path, plan_of(given))
    if devices is not None:
        devices.tell(told_result(result))
    return result


def named(configs: Mapping[str, Config] | Sequence[Config]) -> dict[str, Config]:
    """Return the configurations of a sweep by names that are directories.

    Raises:
        ValueError: If there are none, or a name is not that of a directory of its own.
    """
    pairs = dict(configs) if isinstance(configs, Mapping) else {f"cell-{n}": one for n, one in enumerate(configs)}
    if not pairs:
        raise ValueError("a sweep needs at least one configuration, got none.")
    for name, config in pairs.items():
        require_object(f"configs[{name!r}]", config, Config, 'ns.Config("reversal")')
        if not isinstance(name, str) or name != Path(name).name or name.startswith("."):
            raise ValueError(f"configs must be named like directories, such as 'seed-0', got {name!r}.")
    return pairs


def completed(configs: Mapping[str, Config]) -> dict[str, Config]:
    """Return the complete configurations of the cells; those that differ only in their seeds are checked together.

    Raises:
        ValueError: If one is invalid.
    """
    known: dict[Config, Config] = {}
    for config in configs.values():
        check_field(Config, "seed", config.seed, "seed")
        alike = replace(config, seed=0)
        if alike not in known:
            known[alike] = complete(alike)
    return {name: replace(known[replace(config, seed=0)], seed=config.seed) for name, config in configs.items()}


def begin_sweep(path: Path, given: Mapping[str, Config], cells: Mapping[str, Config], call: str) -> None:
    """Write what is known of a sweep once it has begun, unless its directory holds something else.

    Raises:
        ValueError: If it does.
    """
    holds_only_cells = path.is_dir() and {file.name for file in path.iterdir()} <= {WORKERS, *cells}
    if not holds_only_cells and not lock_file(path, SWEEP_FILE).exists() and not (path / SWEEP_FILE).exists():
        Run.require_empty(path)
    for name, config in cells.items():
        run = Run(path / name)
        if run.file("config.json").is_file() and kept_outcome(run.path, config) is None:
            changes_of(run, config)
    with held_soon(path, SWEEP_FILE, call):
        keep_places(next(iter(given.values())), path)
        write_sweep(path, plan_of(given))


@contextmanager
def removed_if_nothing_began(path: Path, names: Iterable[str]) -> Iterator[None]:
    """Remove the directory of a new sweep if an error prevents all of its runs from starting."""
    is_new = not path.is_dir() or Run.is_empty(path)
    try:
        yield
    except Exception:
        if is_new and not any((path / name).exists() for name in names):
            shutil.rmtree(path / WORKERS, ignore_errors=True)
            remove_first_files(path)
        raise


def train_on(
    executor: Executor, cells: Mapping[str, Config], path: Path, call: str, *, retries: int, show: bool
) -> dict[str, Answer]:
    """Let the workers of an executor train what has not ended yet, and return what became of each cell."""
    from neuralstack import __version__

    answers = {name: kept for name, config in cells.items() if (kept := kept_outcome(path / name, config))}
    left = {name: config for name, config in cells.items() if name not in answers}
    if not left:
        return answers
    require_same_version(executor)
    common = {"path": os.path.abspath(path), "call": call, "retries": retries, "version": __version__}
    tasks = {name: {"name": name, "config": to_json(config), **common} for name, config in left.items()}
    with displayed(Watch(path, cells), enabled=show) as shown:
        return Dispatcher(train_cell, tasks, executor, retries=retries).run(shown.update, answers)


def resume_sweep(
    path: str | Path,
    *,
    seeds: int | None = None,
    own: OwnParts | None = None,
    show: bool = True,
    callbacks: Sequence[Any] = (),
    devices: DeviceGroup | None = None,
    **options: Any,
) -> SweepResult:
    """Continue the sweep in a directory as if it had never stopped, in this process or with others.

    Args:
        path: The sweep's directory.
        seeds: Number of seeds of each combination of options; with more than before, the sweep grows. Defaults to that
            of the sweep.
        own: The names of the sweep's `task`, `memory` and `controller`, if they are not the library's; their code is
            executed.
        show: Whether to show progress on the terminal or in a notebook.
        callbacks: As in `sweep`.
        devices: As in `sweep`; all processes must see the directory.
        options: New values of `max_steps`, `stop_after_perfect` or `extra_steps`, or the path of a `text` that has
            moved.

    Raises:
        ValueError: If there is no sweep, or one of its files is broken.
    """
    file = Path(path) / SWEEP_FILE
    try:
        plan = parse_json(read_bounded(file))
        recorded = {name: from_json(Config, config) for name, config in plan["cells"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{str(file)!r} cannot be read ({error}): restore it, or start another sweep.") from None
    cells = located(recorded, Path(path), own or {})
    cells = {name: with_options(config, **options) for name, config in cells.items()}
    return sweep(cells if seeds is None else grown(cells, seeds), path, show=show, callbacks=callbacks, devices=devices)

"""Opening a run: a new one, one to be resumed, or one that starts from another run's weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax

from neuralstack.machine import Machine, quantized
from neuralstack.training._bounds import to_json
from neuralstack.training._build import begin, start_from
from neuralstack.training._config import Config
from neuralstack.training._members import Member
from neuralstack.training._own_parts import OwnParts, is_own, parts_of
from neuralstack.training._run_directory import Run
from neuralstack.training._step import TrainState, split_model
from neuralstack.training._stopping import Record
from neuralstack.training._text_record import TEXT_RECORD

CHANGEABLE = frozenset({"max_steps", "stopping.stop_after_perfect", "stopping.extra_steps"})


def open_run(config: Config, path: str | Path, *, resume: bool, warm_start: str | Path | None = None) -> Member:
    """Start a run, or continue it where it stopped.

    Raises:
        ValueError: If the directory is not empty, or the run to resume is broken or has another configuration.
    """
    if resume and Path(path).exists() and not Run.is_empty(path):
        run = reopen(path, config)
        state = run.load_checkpoint(**own_parts(config))
    else:
        state = begin(config) if warm_start is None else begin_from(config, warm_start)
        run = Run.create(path, config)
        if warm_start is not None:
            run.save_checkpoint(state)  # these initial weights cannot be derived from the configuration
    records = run.metrics()
    seconds = records[-1]["seconds"] if records else 0.0
    member = Member(config, run, state, records, seconds, end_of(config, records, state))
    return restart_if_due(member)


def begin_from(config: Config, source: str | Path) -> TrainState:
    """Return the state at the start of training from the weights of another run's machine.

    Raises:
        ValueError: If that machine has other parts or sizes.
    """
    named = own_parts(config)
    machine = Run.open(source).load_model(memory=named.get("memory"), controller=named.get("controller"))
    # A rounded machine is trained on like any other: quantization noise rounds it again.
    machine = quantized(machine, False) if isinstance(machine, Machine) else machine
    weights, own = split_model(machine)[0], begin(config).model
    if jax.tree.structure(weights) != jax.tree.structure(own) or any(
        a.shape != b.shape for a, b in zip(jax.tree.leaves(weights), jax.tree.leaves(own), strict=True)
    ):
        raise ValueError(
            f"the machine of {str(source)!r} has other parts or sizes than this configuration: give the same memory, "
            "controller, connection, sizes and number of symbols."
        )
    return start_from(config, jax.tree.map(lambda a, b: a.astype(b.dtype), weights, own))


def reopen(path: str | Path, config: Config) -> Run:
    """Open a run to resume it; only the number of steps and the stopping rule may have changed.

    Raises:
        ValueError: If there is no run, or its configuration is another one.
    """
    run = Run.open(path)
    if changes_of(run, config):
        run.write_config(config)
    return run


def changes_of(run: Run, config: Config) -> list[str]:
    """Return the fields in which a configuration differs from that of the run that it is to resume.

    Raises:
        ValueError: If one of these may not change; all such differences are named.
    """
    before, current = flatten(to_json(run.config(**own_parts(config)))), flatten(to_json(config))
    changed = [name for name in sorted(before | current) if before.get(name) != current.get(name)]
    run.task(**own_parts(config))  # raises an error if the data has changed
    # A text that has moved is identified by its version, if the run recorded it.
    changeable = CHANGEABLE | ({"data.text"} if run.file(TEXT_RECORD).exists() else set())
    if refused := [name for name in changed if name not in changeable]:
        differences = ", ".join(f"{name}={before.get(name)!r}, not {current.get(name)!r}" for name in refused)
        raise ValueError(
            f"the run in {str(run.path)!r} was started with {differences}: resume it with the options it was started "
            "with, or start another run."
        )
    return changed


def own_parts(config: Config) -> OwnParts:
    """Return the names of a configuration's parts that are not the library's, as given by its user."""
    return OwnParts(**{part: name for part, name in parts_of(config).items() if is_own(part, name)})


def flatten(tree: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of nested objects by their dotted names.

    Examples:
        >>> flatten({"machine": {"memory": "stack"}, "seed": 0})
        {'machine.memory': 'stack', 'seed': 0}
    """
    if not isinstance(tree, dict):
        return {path: tree}
    branches = [flatten(value, f"{path}.{name}" if path else name) for name, value in tree.items()]
    return {name: leaf for branch in branches for name, leaf in branch.items()}


def end_of(config: Config, records: list[Record], state: TrainState) -> str | None:
    """Return the status with which training has ended, or None if it has not."""
    step = int(state.step)
    if config.stopping.is_over(records, step):
        return "perfect"
    return "done" if step >= config.max_steps else None


def restart_if_due(member: Member) -> Member:
    """Restart an attempt whose warm-up makes no progress or whose finishing phase fails, unless the run has ended.

    This is due right after the chunk of steps that exceeded the limit or, since a run may be stopped in between, at the
    start of a resumed run.
    """
    state, config, attempt = member.state, member.config, int(member.state.attempt)
    stalled = int(state.curriculum.stalled)
    if member.ended is None and config.stopping.should_restart(stalled, member.records, attempt):
        return replace(member, state=begin(config, attempt + 1, int(state.step)))
    return member

"""A run's directory: every file in it is written whole or not at all."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy

from neuralstack.machine import Machine
from neuralstack.training._build import complete, machine_skeleton
from neuralstack.training._config import Config
from neuralstack.training._step import TrainState, begin

Tree = TypeVar("Tree")
PARTIAL = ".partial"  # the end of the name of a file that is being written


@dataclass(frozen=True)
class Run:
    """A run's directory.

    It holds `config.json` (what the run depends on), `metrics.jsonl` (one evaluation a line), `model.safetensors`
    (the best weights so far) and `checkpoint.safetensors` (what resuming needs).
    """

    path: Path

    @classmethod
    def create(cls, path: str | Path, config: Config) -> "Run":
        """Make the directory of a new run.

        Raises:
            ValueError: If it exists and holds anything: no run is overwritten.
        """
        run = cls(Path(path))
        cls.require_empty(path)
        run.path.mkdir(parents=True, exist_ok=True)
        run.write("config.json", json.dumps(asdict(config), indent=2) + "\n")
        return run

    @classmethod
    def require_empty(cls, path: str | Path) -> None:
        """Refuse a path that holds anything.

        Raises:
            ValueError: If it does.
        """
        if Path(path).exists() and not cls.is_empty(path):
            raise ValueError(
                f"the output directory {str(path)!r} exists and is not empty: give another --out, "
                "add --resume to continue the run in it, or remove it."
            )

    @staticmethod
    def is_empty(path: str | Path) -> bool:
        """Say whether a path is a directory without files, but for one whose writing was cut short."""
        return Path(path).is_dir() and all(file.suffix == PARTIAL for file in Path(path).iterdir())

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open the directory of a run.

        Raises:
            ValueError: If there is none.
        """
        run = cls(Path(path))
        if not run.file("config.json").is_file():
            raise ValueError(f"{str(path)!r} is not a run: it has no config.json; a run is what `train --out` makes.")
        return run

    def file(self, name: str) -> Path:
        """Return the path of one of the run's files."""
        return self.path / name

    def write(self, name: str, content: str | bytes) -> None:
        """Write one of the run's files, whole or not at all: a kill at any moment leaves the old one or the new one."""
        path = self.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + PARTIAL)
        with open(partial, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)

    def config(self) -> Config:
        """Read what the run depends on.

        Raises:
            ValueError: If the file is broken.
        """
        path = self.file("config.json")
        try:
            found = json.loads(path.read_text())
            values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
            unknown = values.keys() - {field.name for field in fields(Config)}
            if unknown:
                raise ValueError(f"unknown option {min(unknown)!r}")
            return complete(Config(**values))
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{str(path)!r} is broken ({error}): restore it, or train again.") from None

    def metrics(self) -> list[dict[str, Any]]:
        """Read the evaluations; a last line that a kill cut short is left out.

        Raises:
            ValueError: If another line is broken.
        """
        path = self.file("metrics.jsonl")
        lines = path.read_text().splitlines() if path.is_file() else []
        records = []
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if not {"step", "attempt", "seconds", "validation"} <= record.keys():
                    raise ValueError("it is no evaluation")
            except (ValueError, AttributeError) as error:
                if number == len(lines):
                    break
                raise ValueError(f"{str(path)!r} is broken at line {number} ({error}): remove that line.") from None
            records.append(record)
        return records

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add one evaluation."""
        with open(self.file("metrics.jsonl"), "a") as file:
            file.write(json.dumps(record) + "\n")

    def save_model(self, machine: Machine) -> None:
        """Keep these weights as the run's model."""
        self.write("model.safetensors", to_bytes(machine))

    def load_model(self) -> Machine:
        """Read the run's model.

        Raises:
            ValueError: If there is none yet, or its file is broken or of another machine.
        """
        path = self.file("model.safetensors")
        if not path.is_file():
            raise ValueError(f"{str(self.path)!r} has no model yet: continue its training with --resume.")
        return from_file(path, machine_skeleton(self.config()))

    def save_checkpoint(self, state: TrainState) -> None:
        """Keep what resuming needs."""
        self.write("checkpoint.safetensors", to_bytes(state))

    def load_checkpoint(self) -> TrainState:
        """Read what resuming needs; without a checkpoint, that is the start of training.

        Evaluations later than the checkpoint are dropped: they will be made again.

        Raises:
            ValueError: If the checkpoint is broken.
        """
        config, path = self.config(), self.file("checkpoint.safetensors")
        start = begin(config)
        state = from_file(path, start) if path.is_file() else start
        kept = [record for record in self.metrics() if record["step"] <= int(state.step)]
        self.write("metrics.jsonl", "".join(json.dumps(record) + "\n" for record in kept))
        return state


def load(path: str | Path) -> Machine:
    """Load the trained machine of a run.

    Args:
        path: The run's directory.

    Returns:
        The machine with the weights that did best on the validation set.

    Raises:
        ValueError: If there is no run, it has no model yet, or a file is broken.
    """
    return Run.open(path).load_model()


def to_bytes(tree: Any) -> bytes:
    """Write the arrays of a tree in the safetensors format, named by their places in it."""
    return safetensors.numpy.save({name: np.asarray(leaf) for name, leaf in named_leaves(tree)})


def from_file(path: Path, like: Tree) -> Tree:
    """Read arrays into a tree of the same shapes.

    Raises:
        ValueError: If the file is broken or its arrays are not those of the tree.
    """
    try:
        arrays = safetensors.numpy.load(path.read_bytes())
    except (OSError, safetensors.SafetensorError) as error:
        raise ValueError(f"{str(path)!r} is broken or half-written ({error}): restore it, or train again.") from None
    for name, leaf in named_leaves(like):
        found = arrays.get(name)
        if found is None or found.shape != leaf.shape or found.dtype != leaf.dtype:
            got = "is missing" if found is None else f"is {found.dtype}{list(found.shape)}"
            raise ValueError(
                f"{str(path)!r} does not fit the run's config.json: {name} {got}, "
                f"needed is {leaf.dtype}{list(leaf.shape)}; restore both files, or train again."
            )
    if spare := sorted(arrays.keys() - {name for name, _ in named_leaves(like)}):
        raise ValueError(
            f"{str(path)!r} does not fit the run's config.json: it also holds {spare[0]}; "
            "restore both files, or train again."
        )
    leaves = [jnp.asarray(arrays[name]) for name, _ in named_leaves(like)]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def named_leaves(tree: Any) -> list[tuple[str, Any]]:
    """Return the leaves of a tree with the names of their places."""
    return [(jax.tree_util.keystr(path).lstrip("."), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]

"""The directory of a run, whose files are written atomically."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from neuralstack._files import PARTIAL, append_line, read_bounded, write_whole
from neuralstack._json import parse_json, to_json_text
from neuralstack._metrics_file import metrics_text, read_metrics
from neuralstack.machine import quantized
from neuralstack.tasks import PAIRS, AbstractTask, Characters, PairTask, StoredTask, from_record, keep_task, to_record
from neuralstack.training._build import begin, build_task, machine_skeleton
from neuralstack.training._config import Config
from neuralstack.training._config_file import config_text, is_legacy_config, read_config
from neuralstack.training._file_places import keep_places, locate_data
from neuralstack.training._own_parts import OwnParts, allowed_config, allowed_name, is_own
from neuralstack.training._step import TrainState
from neuralstack.training._stopping import Record, rank
from neuralstack.training._tensors import from_file, to_bytes
from neuralstack.training._text_record import TEXT_RECORD, read_text_record, record_of_text


@dataclass(frozen=True)
class Run:
    """The directory of a run.

    It holds `config.json` (everything that the run depends on, and the version that wrote it), `metrics.jsonl` (one
    evaluation per line), `model.safetensors` (the best weights so far) and `checkpoint.safetensors` (all that is needed
    to resume).
    """

    path: Path

    @classmethod
    def create(cls, path: str | Path, config: Config) -> "Run":
        """Create the directory of a new run.

        Raises:
            ValueError: If the directory exists and is not empty: no run is overwritten.
        """
        run = cls(Path(path))
        cls.require_empty(path)
        run.write_config(config)  # creates the directory, unless the task cannot be built
        run.write_task(config)
        run.write("metrics.jsonl", "")
        return run

    def write_config(self, config: Config) -> None:
        """Write the configuration, the version and what else is needed to load the machine."""
        self.write("config.json", config_text(config, build_task(config).vocab_size))
        keep_places(config, self.path)

    def write_task(self, config: Config) -> None:
        """Record a task that is not the library's or is built from data, so that its machine can be used without it.

        Of a text, only the version is recorded, so that a changed text is refused.
        """
        if (record := record_of_text(build_task(config))) is not None:
            self.write(TEXT_RECORD, record)
        if config.task == PAIRS or is_own("task", config.task):
            kept = keep_task(build_task(config), config.lengths)
            if kept is not None:
                self.write("task.json", to_json_text(to_record(kept)) + "\n")

    @classmethod
    def require_empty(cls, path: str | Path) -> None:
        """Check that a path does not exist or is an empty directory.

        Raises:
            ValueError: If the path is not empty.
        """
        if Path(path).exists() and not cls.is_empty(path):
            raise ValueError(
                f"the output directory {str(path)!r} exists and is not empty: choose another one, resume the run in "
                "it, or remove it."
            )

    @staticmethod
    def is_empty(path: str | Path) -> bool:
        """Return whether a path is a directory without files, apart from incompletely written ones."""
        return Path(path).is_dir() and all(file.suffix == PARTIAL for file in Path(path).iterdir())

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open the directory of a run.

        Raises:
            ValueError: If the directory is not a run.
        """
        run = cls(Path(path))
        if not run.file("config.json").is_file():
            raise ValueError(f"{str(path)!r} is not a run: it has no config.json, which every training writes.")
        return run

    def file(self, name: str) -> Path:
        """Return the path of one of the run's files."""
        return self.path / name

    def write(self, name: str, content: str | bytes) -> None:
        """Write one of the run's files atomically: if the process is killed, the old content or the new one remains."""
        write_whole(self.file(name), content)

    def config(self, **own: Unpack[OwnParts]) -> Config:
        """Read the configuration of the run.

        A part from a user's own file or package is executed when it is built. Since a run may come from anywhere, the
        user must name such a part.

        Args:
            own: The names of the run's `task`, `memory` and `controller`, as given by the user. Parts of the library
                need not be named.

        Raises:
            ValueError: If the file is broken, or a part is not the library's and was not named.
        """
        return allowed_config(self.located(), self.path, own)

    def located(self) -> Config:
        """Return the configuration as recorded, but with the paths where its data are now."""
        config = self.recorded()[0]
        return replace(config, data=locate_data(config.data, self.path))

    def recorded(self) -> tuple[Config, int | None]:
        """Return the configuration as written, and the number of tokens, which version 0.1 did not write.

        The configuration may name a user's own parts, which must not be built before they are allowed.

        Raises:
            ValueError: If the file is broken.
        """
        return read_config(self.file("config.json"))

    def task(self, **own: Unpack[OwnParts]) -> AbstractTask:
        """Return the run's task.

        Args:
            own: The names of parts that are not the library's (see `config`).

        Raises:
            ValueError: If the task is not the library's and was not named, or its data is missing or has changed.
        """
        config = self.config(**own)
        task, kept = build_task(config), self.kept_task()
        if isinstance(task, Characters):
            return replace(task, version=read_text_record(self.file(TEXT_RECORD)))
        if config.task == PAIRS and kept and isinstance(task, PairTask) and task.pairs.digest != kept.data_digest:
            raise ValueError(
                f"the data of {str(self.path)!r}, {config.data.pairs!r}, has changed since its training: restore it, "
                "or start another run."
            )
        return task

    def usable_task(self, **own: Unpack[OwnParts]) -> AbstractTask:
        """Return the run's task, or the run's record of it if it is not named or its data is missing or has changed.

        Raises:
            ValueError: If there is no record and the task was not named.
        """
        kept = self.kept_task()
        if kept is None or own.get("task") is not None:
            return self.task(**own)
        if is_own("task", self.recorded()[0].task):
            return kept
        try:
            return self.task(**own)
        except ValueError:
            return kept

    def kept_task(self) -> StoredTask | None:
        """Return the run's record of its task, or None if there is none.

        Raises:
            ValueError: If the file is broken.
        """
        path = self.file("task.json")
        if not path.is_file():
            return None
        try:
            return from_record(parse_json(read_bounded(path)))
        except (OSError, ValueError) as error:
            raise ValueError(f"{str(path)!r} is broken ({error}): restore it, or name the run's task.") from None

    def metrics(self) -> list[Record]:
        """Read the evaluations; an incomplete last line, left by a killed process, is ignored.

        Raises:
            ValueError: If another line is broken.
        """
        return read_metrics(self.file("metrics.jsonl"))

    def append_metrics(self, record: Record) -> None:
        """Append one evaluation."""
        append_line(self.file("metrics.jsonl"), to_json_text(record))

    def save_model(self, machine: Any) -> None:
        """Save these weights as the run's model."""
        self.write("model.safetensors", to_bytes(machine))

    def load_model(self, *, memory: Any = None, controller: Any = None) -> Any:
        """Load the run's model, a `Machine` or a `Transformer`, without its task; rounded, if it was evaluated so.

        Args:
            memory: The memory, if it is not one of the library's: its name, which is executed; its class, or a function
                that makes it; or such a memory.
            controller: The controller, in the same way.

        Raises:
            ValueError: If there is no model yet, its file is broken or belongs to another machine, or a user's own part
                is not given.
        """
        path = self.file("model.safetensors")
        if not path.is_file():
            raise ValueError(f"{str(self.path)!r} has no model yet: resume its training.")
        config, vocab_size = self.recorded()
        machine, objects = config.machine, {}
        for part, given in (("memory", memory), ("controller", controller)):
            if given is None or isinstance(given, str):
                machine = replace(machine, **{part: allowed_name(part, getattr(machine, part), given, self.path)})
            else:
                objects[part] = given
        model: Any = from_file(path, machine_skeleton(machine, vocab_size or build_task(config).vocab_size, **objects))
        best = max(reversed(self.metrics()), key=rank, default={})  # the last of the best was saved
        return quantized(model) if best.get("quantization") else model

    def save_checkpoint(self, state: TrainState) -> None:
        """Save all that is needed to resume."""
        self.write("checkpoint.safetensors", to_bytes(state))

    def load_checkpoint(self, **own: Unpack[OwnParts]) -> TrainState:
        """Load all that is needed to resume; without a checkpoint, that is the start of training.

        Evaluations later than the checkpoint are dropped, since they will be repeated.

        Args:
            own: The names of parts that are not the library's (see `config`).

        Raises:
            ValueError: If the checkpoint is broken, or version 0.1 wrote it.
        """
        config, path = self.config(**own), self.file("checkpoint.safetensors")
        if is_legacy_config(self.file("config.json")):
            raise ValueError(
                f"{str(self.path)!r} was written by version 0.1, whose training cannot be resumed: start a new run "
                "from its weights instead."
            )
        start = begin(config)
        state = from_file(path, start) if path.is_file() else start
        kept = [record for record in self.metrics() if record["step"] <= int(state.step)]
        self.write("metrics.jsonl", metrics_text(kept))
        return state

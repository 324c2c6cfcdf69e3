"""The file `files.json` of a run: the places of the files that its configuration names.

A configuration names files as they were typed, which holds in the directory of the training only. From elsewhere, they
are found by where they were: from the run, as when a directory with both is moved, or from the root.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from neuralstack._files import read_bounded, write_whole
from neuralstack._json import parse_json, to_json_text
from neuralstack._lookup import file_of_reference
from neuralstack.tasks import read_pairs, read_text
from neuralstack.training._config import Config, DataConfig
from neuralstack.training._memory_names import parts_of_name
from neuralstack.training._text_record import TEXT_RECORD, read_text_record

FILES_RECORD = "files.json"


def keep_places(config: Config, run: Path) -> None:
    """Write the places of the files that a configuration names, if it names any, into a run's directory."""
    parts = [config.task, *parts_of_name(config.machine.memory), config.machine.controller]
    names = [config.data.text, config.data.pairs, *map(file_of_reference, parts)]
    here = Path(run).resolve()
    places = {name: [os.path.relpath(Path(name).resolve(), here), os.path.abspath(name)] for name in names if name}
    if places:
        write_whole(run / FILES_RECORD, to_json_text(places, indent=1) + "\n")


def places_of(name: str, run: Path) -> list[str]:
    """Return the paths at which there is a file that a run names: as it is named, from the run, from the root.

    Raises:
        ValueError: If the run's record of places is broken.
    """
    path, kept = run / FILES_RECORD, []
    if path.is_file():
        try:
            kept = parse_json(read_bounded(path)).get(name, [])
            if not isinstance(kept, list) or not all(isinstance(place, str) for place in kept):
                raise ValueError("its values must be lists of paths")
        except (OSError, ValueError, AttributeError) as error:
            raise ValueError(f"{str(path)!r} is broken ({error}): restore or remove it.") from None
    candidates = [name, *(os.path.normpath(run.resolve() / place) for place in kept)]
    return [place for place in dict.fromkeys(candidates) if os.path.exists(place)]


def place_of(name: str, run: Path, suits: Callable[[str], bool] = lambda _: True) -> str:
    """Return the path of a file that a run names: the first that suits, else the first there is, else its name."""
    places = places_of(name, run)
    return next(filter(suits, places), places[0]) if len(places) > 1 else (places or [name])[0]


def locate_data(data: DataConfig, run: Path) -> DataConfig:
    """Return the data of a run with the paths where they are now; of several, those of the training's content.

    Raises:
        ValueError: If a record of the run is broken.
    """

    def is_text(path: str) -> bool:
        version = read_text_record(run / TEXT_RECORD)
        return version is not None and read_text(path, data.text_encoding).version.sha256 == version.sha256

    def are_pairs(path: str) -> bool:
        return read_pairs(path).digest == parse_json(read_bounded(run / "task.json"))["data_digest"]

    text = place_of(data.text, run, without_errors(is_text)) if data.text else ""
    pairs = place_of(data.pairs, run, without_errors(are_pairs)) if data.pairs else ""
    return replace(data, text=text, pairs=pairs)


def without_errors(suits: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return a test of files that those fail which cannot be read."""

    def test(path: str) -> bool:
        try:
            return suits(path)
        except (OSError, ValueError, TypeError, KeyError):
            return False

    return test


def locate_reference(name: str, run: Path) -> str:
    """Return the name of a part, `FILE.py:NAME`, with the path where its file is now."""
    located = []
    for part in name.split("+"):
        file = file_of_reference(part.partition("(")[0].strip())
        located.append(part.replace(file, place_of(file, run), 1) if file else part)
    return "+".join(located)

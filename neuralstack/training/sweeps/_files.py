"""The files that configurations name, as paths that hold in the directory of any worker."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from neuralstack._lookup import file_of_reference
from neuralstack.training._config import Config
from neuralstack.training._file_places import locate_data
from neuralstack.training._own_parts import OwnParts, allowed_config, own_of_each


def with_absolute_files(config: Config) -> Config:
    """Return a configuration whose files, and parts in files, are named by absolute paths."""
    data, machine = config.data, config.machine
    return replace(
        config,
        task=absolute_reference(config.task),
        data=replace(data, text=absolute(data.text), pairs=absolute(data.pairs)),
        machine=replace(
            machine,
            memory="+".join(map(absolute_reference, machine.memory.split("+"))),
            controller=absolute_reference(machine.controller),
        ),
    )


def absolute(path: str) -> str:
    """Return a path as an absolute one; an empty text names no file."""
    return os.path.abspath(path) if path else path


def absolute_reference(name: str) -> str:
    """Return the name of a part, `FILE.py:NAME`, with the absolute path of its file.

    Examples:
        >>> absolute_reference("/lib/memories.py:Register(width=8)"), absolute_reference("stack")
        ('/lib/memories.py:Register(width=8)', 'stack')
    """
    file = file_of_reference(name.partition("(")[0].strip())
    return name.replace(file, os.path.abspath(file), 1) if file else name


def located(cells: Mapping[str, Config], path: Path, own: OwnParts) -> dict[str, Config]:
    """Return the configurations that a sweep recorded, with its files where they are now.

    Args:
        cells: The configurations by name.
        path: The sweep's directory.
        own: The names of parts that are not the library's.

    Raises:
        ValueError: If the code of a part may not be executed.
    """
    configs: Sequence[Config] = [*cells.values()]
    return {
        name: allowed_config(replace(config, data=locate_data(config.data, path)), path, named)
        for name, config, named in zip(cells, configs, own_of_each(configs, own), strict=True)
    }

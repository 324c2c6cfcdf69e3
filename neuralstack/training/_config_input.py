"""A configuration from a file that its user wrote, or from that of a run."""

import tomllib
from pathlib import Path

from neuralstack._files import read_bounded
from neuralstack._json import parse_json
from neuralstack.training._bounds import from_json
from neuralstack.training._config import Config
from neuralstack.training._config_file import LARGEST_FILE


def config_from_file(path: str | Path) -> Config:
    """Read a configuration: the fields of `Config` as TOML, or the `config.json` of a run.

    Parts of a user's own that it names are executed when the configuration is used.

    Raises:
        ValueError: If the file is not a configuration; the message says why.
    """
    path = Path(path)
    content = read_bounded(path, LARGEST_FILE)
    try:
        data = parse_json(content) if path.suffix == ".json" else tomllib.loads(content.decode())
        data = data.get("config", data)
        if "task" not in data:
            raise ValueError("it has no task")
        return from_json(Config, data)
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{str(path)!r} is not a configuration ({reason}): write the fields of Config.") from None

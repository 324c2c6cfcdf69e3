"""The file `config.json` of a run, in the current format or that of version 0.1."""

from pathlib import Path

from neuralstack._files import read_bounded
from neuralstack._json import parse_json, to_json_text
from neuralstack._lookup import lookup
from neuralstack.tasks import TASKS
from neuralstack.training._bounds import from_json, to_json
from neuralstack.training._complete import complete
from neuralstack.training._config import Config
from neuralstack.training._legacy import is_legacy, translate
from neuralstack.training._own_parts import allowed_config

LARGEST_FILE = 1 << 24  # bytes; an alphabet can be long
LARGEST_VOCABULARY = 1 << 21


def config_text(config: Config, vocab_size: int) -> str:
    """Return the file's text: the version, the configuration and what else is needed to load the machine."""
    from neuralstack import __version__

    content = {"neuralstack": __version__, "vocab_size": vocab_size, "config": to_json(config)}
    return to_json_text(content, indent=2) + "\n"


def is_legacy_config(path: Path) -> bool:
    """Return whether version 0.1 wrote the file."""
    return is_legacy(parse_json(read_bounded(path, LARGEST_FILE)))


def read_config(path: Path) -> tuple[Config, int | None]:
    """Read the configuration and the number of tokens, which version 0.1 did not write.

    Raises:
        ValueError: If the file is broken.
    """
    try:
        data = parse_json(read_bounded(path, LARGEST_FILE))
        if is_legacy(data):
            config = translate(data)
            lookup("task", TASKS, config.task)  # version 0.1 had no others, which `complete` would execute
            return complete(allowed_config(config, path.parent, {})), None
        config, vocab_size = from_json(Config, data["config"]), data["vocab_size"]
        if type(vocab_size) is not int or not 1 <= vocab_size <= LARGEST_VOCABULARY:
            raise ValueError(f"vocab_size must be a whole number from 1 to {LARGEST_VOCABULARY}, got {vocab_size!r}")
        return config, vocab_size
    except KeyError as error:
        raise ValueError(f"{str(path)!r} is broken (it has no {error}): restore it, or train again.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{str(path)!r} is broken ({error}): restore it, or train again.") from None

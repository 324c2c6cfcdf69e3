"""What every result file says of how it was made."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neuralstack.training import Run


def result_of(name: str, *, quick: bool) -> dict[str, Any]:
    """Return the beginning of an experiment's result: its name, the command, the versions and the machine."""
    return {
        "experiment": name,
        "command": f"neuralstack reproduce {name}" + (" --quick" if quick else ""),
        "versions": {package: version(package) for package in ("neuralstack", "jax", "equinox", "optax")},
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}",
    }


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write a result where it belongs, whole or not at all."""
    Run(path).write("result.json", json.dumps(result, indent=1) + "\n")

"""Duration of the quick run of each experiment.

Runs `neuralstack reproduce NAME --quick` for one experiment after another, each in a separate process with an empty
compilation cache, and times the whole command, compilation included. `--out DIR` also writes `quick.json`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from neuralstack.experiments import EXPERIMENTS
from neuralstack.reporting import Table

COLUMNS = ("experiment", "seconds")


def measure(name: str) -> float:
    """Return the seconds that the quick run of an experiment takes."""
    with TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "neuralstack", "reproduce", name, "--quick", "--out", f"{directory}/run"]
        environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": f"{directory}/compiled"}
        started = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started


def main() -> None:
    """Measure every experiment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", default=[*EXPERIMENTS], metavar="NAME", help="the experiments (all of them)"
    )
    parser.add_argument("--out", type=Path, help="a directory for the result")
    arguments = parser.parse_args()
    if unknown := {*arguments.names} - EXPERIMENTS.keys():
        parser.error(f"unknown experiment {min(unknown)!r}; there are {', '.join(EXPERIMENTS)}")
    rows = [(name, f"{measure(name):.0f}") for name in track(arguments.names, console=Console(stderr=True))]
    title = f"Quick runs on {os.cpu_count()} cores, nothing compiled before"
    print(Table(title, COLUMNS, rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        named = [] if arguments.names == [*EXPERIMENTS] else arguments.names
        result = {
            "command": " ".join(["python benchmarks/quick.py", *named, "--out docs/results"]),
            "versions": {name: version(name) for name in ("neuralstack", "jax")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "tables": [{"title": title, "columns": COLUMNS, "rows": rows}],
        }
        (arguments.out / "quick.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

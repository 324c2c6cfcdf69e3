"""Cost of an additional seed when several are trained together.

Times steps of the default machine for sweeps of several sizes, spread over all devices, or over the cores of a CPU. A
device trains its share one by one, or side by side with one program: the median of several rounds in which both take
turns, without compilation. Training itself uses the first way on a CPU and the second one elsewhere. `--out DIR` also
writes `population-PLATFORM.json`.
"""

import argparse
import json
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import jax
from rich.console import Console
from rich.progress import track

from neuralstack import TASKS, complete, configure
from neuralstack._runtime import use_cores
from neuralstack.reporting import Table
from neuralstack.training import begin, step_spec, train_each

WAYS = {"one by one": False, "side by side": True}
COLUMNS = ("seeds", "one by one,\nms a step", "a seed", "side by side,\nms a step", "a seed")


def measure(task: str, sizes: list[int], steps: int, rounds: int) -> dict[tuple[int, str], float]:
    """Return the milliseconds of a step of all members, by their number and the way they are trained."""
    configs = [complete(configure(task, seed=seed)) for seed in range(max(sizes))]
    program, states = step_spec(configs[0]), [begin(config) for config in configs]
    times: dict[tuple[int, str], float] = {}
    for size in track(sizes, console=Console(stderr=True)):
        taken: dict[str, list[float]] = {way: [] for way in WAYS}
        for number in range(rounds + 1):  # the first one compiles
            for way, mapped in WAYS.items():
                started = time.perf_counter()
                jax.block_until_ready(train_each(states[:size], program, [steps] * size, mapped=mapped))
                if number:
                    taken[way].append((time.perf_counter() - started) / steps * 1e3)
        times.update({(size, way): statistics.median(ones) for way, ones in taken.items()})
    return times


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="copy", choices=list(TASKS), metavar="TASK", help="the task (copy)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 4, 16], help="numbers of seeds to train (1 4 16)")
    parser.add_argument("--steps", type=int, default=10, help="steps at a time (10)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken (5)")
    parser.add_argument("--out", type=Path, help="a directory for the result")
    arguments = parser.parse_args()
    use_cores(max(arguments.seeds))
    times = measure(arguments.task, arguments.seeds, arguments.steps, arguments.rounds)
    rows = [
        (str(size), *(f"{value:.1f}" for way in WAYS for value in (times[size, way], times[size, way] / size)))
        for size in arguments.seeds
    ]
    device = jax.devices()[0]
    where = f"{jax.device_count()} x {device.device_kind}"
    title = f"A step of several seeds of the default machine on {arguments.task}: {where}"
    print(Table(title, COLUMNS, rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        sizes = " ".join(map(str, arguments.seeds))
        result = {
            "command": f"python benchmarks/population.py --task {arguments.task} --seeds {sizes} --steps "
            f"{arguments.steps} --rounds {arguments.rounds} --out docs/results",
            "versions": {name: version(name) for name in ("neuralstack", "jax")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}, {where}",
            "tables": [{"title": title, "columns": COLUMNS, "rows": rows}],
        }
        (arguments.out / f"population-{device.platform}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

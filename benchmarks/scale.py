"""Time of many trainings on more workers than were measured: a model of the committed measurements.

Nothing is measured here. `cluster.json` has the time of the same trainings through one worker and through two, and what
the scheduler and the locks take for each; `chomsky.json` has the time of every training of `reproduce chomsky`;
`two_processes.json` the time of a step on one device and on two. The model:

- Trainings are given to the next free worker, in their order. A worker takes as long for each as was measured with a
  worker for each core.
- One process gives them out, one after another, which takes the measured time for each. So the whole takes at least
  that time for all, and at least as long as the longest training.
- A batch on N devices takes the N-th part of the time on one, and for each other device the time that the exchange of
  two took.

`--out DIR` writes `scale.json` and `scale.png`.
"""

import argparse
import heapq
import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neuralstack.reporting import COLORS, Table, figure

RESULTS = Path(__file__).parents[1] / "docs" / "results"
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128)
CORES = 16  # of a host
FAR = 1.25
DEVICES = (1, 2, 4, 8, 16)


def wall_seconds(trainings: Sequence[float], workers: int, overhead: float) -> float:
    """Return the seconds until all trainings have ended, each given to the next free worker in their order.

    Args:
        trainings: The seconds of each.
        workers: The number of workers.
        overhead: The seconds that giving out one of them takes, during which no other is given out.
    """
    free, given = [0.0] * workers, 0.0
    for seconds in trainings:
        given = max(given, free[0]) + overhead
        heapq.heapreplace(free, given + seconds)
    return max(free)


def bound_of(trainings: Sequence[float], workers: int, overhead: float) -> str:
    """Return what keeps the whole from ending earlier: one of three bounds, or the order if it is far above them."""
    bounds = {
        "the workers": sum(trainings) / workers,
        "the longest training": max(trainings),
        "giving out": overhead * len(trainings),
    }
    name = max(bounds, key=bounds.__getitem__)
    return name if wall_seconds(trainings, workers, overhead) < FAR * bounds[name] else "what began late"


def step_seconds(one: float, two: float, devices: int) -> float:
    """Return the time of a step on several devices, from that on one and on two."""
    exchange = max(0.0, two - one / 2)
    return one / devices + (devices - 1) * exchange


def read(name: str) -> Any:
    """Return a committed result."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def measured(result: Any, question: str, what: str) -> float:
    """Return a number of a benchmark's table."""
    rows = result["tables"][0]["rows"]
    return next(float(value) for asked, found, value in rows if asked == question and found.startswith(what))


def as_time(seconds: float) -> str:
    """Return a time in hours and minutes, or, if it is short, in seconds.

    Examples:
        >>> as_time(14500), as_time(631), as_time(49.5)
        ('4:02 h', '11 min', '49.5 s')
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"


def chomsky_table(trainings: Sequence[float], overhead: float) -> Table:
    """Return the predicted time of the experiment for each number of workers."""
    one, rows = wall_seconds(trainings, 1, overhead), []
    for workers in WORKERS:
        seconds = wall_seconds(trainings, workers, overhead)
        share = one / workers / seconds
        hosts = str(-(-workers // CORES))
        rows.append(
            (str(workers), hosts, as_time(seconds), f"{100 * share:.0f}%", bound_of(trainings, workers, overhead))
        )
    title = f"The {len(trainings)} trainings of the page on the Chomsky hierarchy, predicted"
    return Table(
        title, ("workers", f"hosts of\n{CORES} cores", "time", "of what the\nworkers could do", "bound by"), rows
    )


def cells_table(trainings: Sequence[float], overhead: float, times: dict[int, float]) -> Table:
    """Return the measured and the predicted time of the benchmark's trainings."""
    rows = []
    for workers in WORKERS:
        seconds = wall_seconds(trainings, workers, overhead)
        found = as_time(times[workers]) if workers in times else ""
        rows.append((str(workers), found, as_time(seconds), bound_of(trainings, workers, overhead)))
    return Table(f"{len(trainings)} short trainings", ("workers", "measured", "predicted", "bound by"), rows)


def batch_table(result: Any) -> Table:
    """Return the time of a step for each number of devices."""
    rows = []
    for size in ("small", "large"):
        question = f"a batch of a {size} machine"
        one, two = (measured(result, question, f"ms a step on {where}") for where in ("one device", "two processes"))
        for devices in DEVICES:
            found = {1: f"{one:.1f}", 2: f"{two:.1f}"}.get(devices, "")
            rows.append((size, str(devices), found, f"{step_seconds(one, two, devices):.1f}"))
    return Table("A step of one training, milliseconds", ("machine", "devices", "measured", "predicted"), rows)


def draw(
    chomsky: Sequence[float], cells: Sequence[float], overhead: float, times: dict[int, float], path: Path
) -> None:
    """Draw time against workers, the measured points too."""
    with figure(path, 1, 1, (6.4, 4), suffixes=(".png",)) as (_, ((axis,),)):
        every = range(1, WORKERS[-1] + 1)
        for (name, trainings), color in zip(
            (("reproduce chomsky, predicted", chomsky), (f"{len(cells)} short trainings, predicted", cells)),
            COLORS,
            strict=False,
        ):
            axis.plot(every, [wall_seconds(trainings, n, overhead) for n in every], color=color, label=name)
            axis.plot(every, [sum(trainings) / n for n in every], ":", color=color, linewidth=0.8)
        axis.plot([*times], [*times.values()], "o", color=COLORS[1], label="measured")
        axis.set(xscale="log", yscale="log", xlabel="workers", ylabel="seconds")
        axis.set_xticks(WORKERS, [str(n) for n in WORKERS])
        axis.minorticks_off()
        axis.legend()


def main() -> None:
    """Compute the tables, print them and, if that is asked for, write them and the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a directory for scale.json and scale.png")
    arguments = parser.parse_args()
    cluster, chomsky, pair = map(read, ("cluster", "chomsky", "two_processes"))
    trainings = [run["wall_seconds"] for variant in chomsky["variants"].values() for run in variant["runs"]]
    overhead = measured(cluster, "overhead", "ms a cell") / 1000
    times = {
        1: measured(cluster, "speed-up", "seconds with one worker"),
        2: measured(cluster, "speed-up", "seconds with two workers"),
    }
    count = int(cluster["tables"][0]["title"].split()[0])
    cells = [2 * times[2] / count - overhead] * count
    tables = [chomsky_table(trainings, overhead), cells_table(cells, overhead, times), batch_table(pair)]
    for table in tables:
        print(table, end="\n\n")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        draw(trainings, cells, overhead, times, arguments.out / "scale")
        result = {
            "command": "python benchmarks/scale.py --out docs/results",
            "versions": {"neuralstack": version("neuralstack")},
            "python": platform.python_version(),
            "machine": "any: it computes from committed results",
            "tables": [{"title": table.title, "columns": table.columns, "rows": table.rows} for table in tables],
        }
        (arguments.out / "scale.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

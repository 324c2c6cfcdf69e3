"""One training, and a population, by two processes over loopback: the same bits, also after a kill, and how fast.

    python benchmarks/two_processes.py [--steps 200] [--victim 1] [--rounds 3]

- bits: how many losses and weights of two processes with a device each are those of one process with two devices, bit
  for bit, also if one is killed and both are resumed; and those of a population, of one process.
- a batch on two devices: the median milliseconds of a step of a small and of a large machine, on one device, on two of
  one process, and on two processes. Each device has a core of its own.
- a population: the median seconds of the whole command, by one process on one core and by two on a core each.

`--out DIR` also writes `two_processes.json`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from neuralstack.reporting import Table
from neuralstack.training import free_port

SMALL = ("--max-length", "16", "--batch-size", "48", "--hidden-dim", "32", "--memory-dim", "32")
LARGE = ("--max-length", "64", "--batch-size", "256", "--hidden-dim", "256", "--memory-dim", "64")
ALWAYS = ("train", "reversal", "--curriculum", "uniform", "--restart-after", "0", "--stop-after-perfect", "0")
FILES = ("model.safetensors", "checkpoint.safetensors")
LARGE_STEPS, POPULATION_STEPS, RUNS = 8, 300, 8
CORES = sorted(os.sched_getaffinity(0))[:2]
COLUMNS = ("question", "measured", "value")
SAY = Console(stderr=True).print


def start(*options, devices=1, cores=CORES):
    """Start the command line in a process with this number of CPU devices, on these cores."""
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    full = [sys.executable, "-m", "neuralstack", *map(str, options), "--distributed"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(full, env=environment, preexec_fn=partial(os.sched_setaffinity, 0, cores), **streams)


def start_two(*options, cores=([CORES[0]], [CORES[-1]])):
    """Start two processes that train together, by default on a core each."""
    common = ("--coordinator", f"127.0.0.1:{free_port()}", "--processes", 2, "--process")
    return [start(*options, *common, number, cores=own) for number, own in enumerate(cores)]


def finish(processes):
    """Wait until all processes have ended well."""
    for process in processes:
        _, error = process.communicate()
        if process.returncode != 0:
            sys.exit(f"a process has ended with status {process.returncode}: {error}")


def records(run):
    """Return the evaluations of a run without their times."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def same(one, other):
    """Return how many losses and files of two runs are the same, bit for bit, in words, and whether all are."""
    losses = [a == b for a, b in zip(records(one), records(other), strict=True)]
    files = [name for name in FILES if (one / name).read_bytes() == (other / name).read_bytes()]
    words = f"{sum(losses)} of {len(losses)} losses, {len(files)} of {len(FILES)} files"
    return words, all(losses) and len(files) == len(FILES)


def measure_bits(folder, steps, victim):
    """Train in three ways, compare, and compare a population of two processes with one of one process.

    All processes may use all cores: the last bits depend on how many these are.
    """
    all_cores = (CORES, CORES)
    one, two, killed = (folder / name for name in ("one", "two", "killed"))
    options = (*ALWAYS, *SMALL, "--evaluate-every", 1, "--max-steps", steps)
    finish([start(*options, "--out", one, devices=2)])
    finish(start_two(*options, "--out", two, cores=all_cores))
    processes = start_two(*options, "--out", killed, cores=all_cores)
    while not (killed / "metrics.jsonl").exists() or len(records(killed)) < steps // 4:
        time.sleep(0.01)
    processes[victim].kill()
    started = time.monotonic()
    _, error = processes[1 - victim].communicate()
    status, seconds = processes[1 - victim].returncode, time.monotonic() - started
    SAY(f"the other one ends with status {status}: {error.splitlines()[-1]}")
    finish(start_two("train", "--resume", killed, cores=all_cores))
    found, resumed = same(one, two), same(one, killed)
    population = (*ALWAYS, *SMALL, "--max-steps", steps, "--seeds", 3)
    finish([start(*population, "--out", folder / "runs-of-one")])
    finish(start_two(*population, "--out", folder / "runs-of-two", cores=all_cores))
    runs = [same(folder / "runs-of-one" / f"seed-{n}", folder / "runs-of-two" / f"seed-{n}") for n in range(3)]
    if not (found[1] and resumed[1] and all(right for _, right in runs) and status == 1 and seconds < 60):
        sys.exit(f"this is not what is promised: {found}, {resumed}, {runs}, status {status} after {seconds:.0f} s")
    return [
        ("bits", "two processes as two devices of one", found[0]),
        ("bits", f"the same, process {victim} killed, resumed", resumed[0]),
        (
            "bits",
            "runs of a population of two processes as of one",
            f"{sum(right for _, right in runs)} of {len(runs)}",
        ),
        ("a kill", "seconds until the other process ends", f"{seconds:.1f}"),
    ]


def step_seconds(run):
    """Return the seconds of a step, from the second evaluation to the last."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return (lines[-1]["seconds"] - lines[0]["seconds"]) / (lines[-1]["step"] - lines[0]["step"])


def measure_batches(folder, rounds):
    """Return the milliseconds of a step in three layouts, for two sizes, as rows."""
    rows = []
    for size, options, steps in (("small", SMALL, 200), ("large", LARGE, LARGE_STEPS)):
        times = {"one device": [], "two devices of one process": [], "two processes": []}
        common = (*ALWAYS, *options, "--max-steps", steps, "--evaluate-every", steps // 2)
        for number in range(rounds):
            for layout, taken in times.items():
                out = folder / f"{size}-{layout}-{number}".replace(" ", "-")
                if layout == "two processes":
                    finish(start_two(*common, "--out", out))
                elif layout == "one device":
                    finish([start(*common, "--out", out, cores=CORES[:1])])
                else:
                    finish([start(*common, "--out", out, devices=2)])
                taken.append(step_seconds(out))
                SAY(f"round {number}, {size}, {layout}: {1e3 * taken[-1]:.1f} ms a step")
        rows += [
            (f"a batch of a {size} machine", f"ms a step on {layout}", f"{1e3 * statistics.median(taken):.1f}")
            for layout, taken in times.items()
        ]
    return rows


def measure_population(folder, rounds):
    """Return the seconds of a population by one process and by two, with and without training, as rows."""
    times = {(count, steps): [] for steps in (1, POPULATION_STEPS) for count in (1, 2)}
    for number in range(rounds + 1):  # the first one compiles
        for (count, steps), taken in times.items():
            out = folder / f"population-{count}-{steps}-{number}"
            options = (*ALWAYS, *SMALL, "--max-steps", steps, "--seeds", RUNS, "--out", out)
            started = time.monotonic()
            finish(start_two(*options) if count == 2 else [start(*options, cores=CORES[:1])])
            if number:
                taken.append(time.monotonic() - started)
                SAY(f"round {number}, {RUNS} runs of {steps} steps by {count}: {taken[-1]:.1f} s")
    words = {1: "one process", 2: "two processes"}
    return [
        (f"{RUNS} runs of {steps} step{'s' * (steps > 1)}", f"seconds with {words[count]}", f"{median:.1f}")
        for (count, steps), taken in times.items()
        for median in [statistics.median(taken)]
    ]


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200, help="steps of the trainings that are compared (200)")
    parser.add_argument("--victim", type=int, default=1, choices=(0, 1), help="the process that is killed (1)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median is taken (3)")
    parser.add_argument("--out", type=Path, help="a directory for the result")
    arguments = parser.parse_args()
    if len(CORES) < 2:
        parser.error("two cores are needed")
    with tempfile.TemporaryDirectory() as base:
        folder, rounds = Path(base), arguments.rounds
        rows = measure_bits(folder, arguments.steps, arguments.victim)
        rows += measure_batches(folder, rounds) + measure_population(folder, rounds)
    title = "Two processes of one computer that train together"
    print(Table(title, COLUMNS, rows, 2))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        options = " ".join(f"--{name} {getattr(arguments, name)}" for name in ("steps", "victim", "rounds"))
        result = {
            "command": f"python benchmarks/two_processes.py {options} --out docs/results",
            "versions": {name: version(name) for name in ("neuralstack", "jax")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} cores",
            "tables": [{"title": title, "columns": COLUMNS, "rows": rows}],
        }
        (arguments.out / "two_processes.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

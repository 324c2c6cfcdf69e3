"""Share of a training step that is spent on drawing its batch.

Every task draws its sequences on the device, inside the compiled step. This times drawing alone and whole steps of the
default machine, for each task: the median of several rounds in which both take turns, without compilation. `--out DIR`
also writes `sampling.json`.
"""

import argparse
import json
import platform
import statistics
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
from rich.console import Console
from rich.progress import track

from neuralstack import TASKS, complete, configure
from neuralstack.reporting import Table
from neuralstack.training import StepSpec, begin, draw_batch, step_key, step_spec, train_until

STEPS = 10  # at a time


def drawing(program: StepSpec):
    """Return a compiled function that draws the batches of some steps and uses all of each."""

    @jax.jit
    def draw(state):
        def one(_, carry):
            state, seen = carry
            batch = draw_batch(state, program, step_key(state))
            seen += sum(jnp.sum(leaf) for leaf in jax.tree.leaves(batch.example))
            return replace(state, step=state.step + 1), seen

        return jax.lax.fori_loop(0, STEPS, one, (state, jnp.zeros((), jnp.int32)))[1]

    return draw


def measure(task: str, rounds: int) -> dict[str, float]:
    """Return the milliseconds of a step, and of drawing its batch."""
    config = complete(configure(task, memory="none" if task == "characters" else "stack"))
    program, state = step_spec(config), begin(config)
    draw = drawing(program)
    cases = {"drawing": lambda: draw(state), "step": lambda: train_until(state, program, STEPS)}
    times = {case: [] for case in cases}
    for number in range(rounds + 1):  # the first one compiles
        for case, run in cases.items():
            started = time.perf_counter()
            jax.block_until_ready(run())
            if number:
                times[case].append((time.perf_counter() - started) / STEPS * 1e3)
    return {case: statistics.median(taken) for case, taken in times.items()}


def main() -> None:
    """Measure every task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of which the median is taken")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), help="the tasks to measure (default: all)")
    parser.add_argument("--out", type=Path, help="a directory for sampling.json")
    arguments = parser.parse_args()
    found = {task: measure(task, arguments.rounds) for task in track(arguments.tasks, console=Console(stderr=True))}
    rows = [
        (task, f"{one['drawing']:.2f}", f"{one['step']:.1f}", f"{100 * one['drawing'] / one['step']:.1f}")
        for task, one in found.items()
    ]
    columns = ("task", "drawing, ms", "whole step, ms", "share, %")
    title = "Drawing a batch, beside a step of a GRU with a neural stack"
    print(Table(title, columns, rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        result = {
            "command": f"python benchmarks/sampling.py --rounds {arguments.rounds} --out {arguments.out}",
            "versions": {name: version(name) for name in ("neuralstack", "jax")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "tables": [{"title": title, "columns": columns, "rows": rows}],
        }
        (arguments.out / "sampling.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

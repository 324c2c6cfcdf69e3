"""Cost of one step of each memory, and its growth with the room of the memory.

Times `step`, 256 at a time in a compiled loop, on empty memories with room for 64 to 4096 steps: the median of several
rounds in which all take turns, without compilation. Also shows the factor by which a step slows down from 1024 to 4096,
and the largest factor that the documentation allows. `--out DIR` also writes `steps.json` and a figure.
"""

import argparse
import json
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import jax

import neuralstack as ns
from neuralstack.reporting import Table, figure

WIDTH = 64
ROOMS = (64, 256, 1024, 4096)
# The memory, the power of the room with which its step is documented to grow, the rooms that are affordable, and the
# number of steps at a time: enough that the start of the loop does not count.
MEMORIES = {
    "stack": (ns.NeuralStack(WIDTH), 1, ROOMS, 256),
    "queue": (ns.NeuralQueue(WIDTH), 1, ROOMS, 256),
    "deque": (ns.NeuralDeque(WIDTH), 1, ROOMS, 256),
    "superposition": (ns.SuperpositionStack(WIDTH), 1, ROOMS, 256),
    "pointer": (ns.PointerStack(WIDTH), 1, ROOMS, 256),
    "tape": (ns.Tape(WIDTH), 1, ROOMS, 256),
    "hard": (ns.HardStack(WIDTH), 1, ROOMS, 256),
    "nondeterministic, 2 states, 2 symbols": (ns.NondeterministicStack(states=2, symbols=2), 2, ROOMS[:3], 4),
}


def loop(memory: ns.AbstractMemory, room: int, steps: int):
    """Return a compiled loop of steps, and its arguments."""

    @jax.jit
    def run(state, actions):
        return jax.lax.scan(memory.step, state, actions)

    raw = jax.random.normal(jax.random.key(0), (steps, memory.action_size))
    return run, (memory.init(room), memory.decode(raw))


def measure(rounds: int) -> dict[str, dict[int, float]]:
    """Return the microseconds that a step takes, by memory and room."""
    loops = {
        (name, room): loop(memory, room, steps)
        for name, (memory, _, rooms, steps) in MEMORIES.items()
        for room in rooms
    }
    times = {case: [] for case in loops}
    for number in range(rounds + 1):  # the first one compiles
        for case, (run, given) in loops.items():
            started = time.perf_counter()
            jax.block_until_ready(run(*given))
            if number:
                times[case].append((time.perf_counter() - started) / MEMORIES[case[0]][3] * 1e6)
    return {
        name: {room: statistics.median(times[name, room]) for room in rooms}
        for name, (_, _, rooms, _) in MEMORIES.items()
    }


def draw(found: dict[str, dict[int, float]], path: Path) -> None:
    """Draw the cost of a step against the room."""
    with figure(path, 1, 1, (6, 4)) as (_, axes):
        for number, (name, times) in enumerate(found.items()):
            axes[0, 0].loglog(list(times), list(times.values()), marker="os^vDPX*"[number], label=name, markersize=5)
        axes[0, 0].set(xlabel="room, in steps", ylabel="microseconds a step", xticks=ROOMS, xticklabels=ROOMS)
        axes[0, 0].minorticks_off()
        axes[0, 0].legend(fontsize=7)


def main() -> None:
    """Measure every memory at every room."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of which the median is taken")
    parser.add_argument("--out", type=Path, help="a directory for steps.json and the figure")
    arguments = parser.parse_args()
    found = measure(arguments.rounds)
    rows = []
    for name, (_, power, rooms, _) in MEMORIES.items():
        last, before = rooms[-1], rooms[-2]
        growth, most = found[name][last] / found[name][before], (last / before) ** power
        cells = [f"{found[name][room]:.1f}" if room in rooms else "" for room in ROOMS]
        rows.append((name, *cells, f"{growth:.1f} x", f"{most:.0f} x"))
    columns = ("memory", *(f"room\n{room}" for room in ROOMS), "largest\nover last", "said")
    print(Table(f"Microseconds a step, width {WIDTH}", columns, rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        result = {
            "command": f"python benchmarks/steps.py --rounds {arguments.rounds} --out {arguments.out}",
            "versions": {name: version(name) for name in ("neuralstack", "jax")},
            "machine": f"{platform.machine()}, {platform.system()}",
            "width": WIDTH,
            "microseconds": found,
        }
        (arguments.out / "steps.json").write_text(json.dumps(result, indent=1) + "\n")
        draw(found, arguments.out / "steps")


if __name__ == "__main__":
    main()

"""Time and space of a memory layer, and their growth with sequence length.

Measures the gradient of a memory layer of width 64, for one sequence, in processes of their own: the temporary memory
that the compiled program requests, the growth of the process beyond inputs and outputs, and the median time of a few
runs. The kernels' own buffers are in the growth alone. `--json` prints one object a line instead of the table.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import equinox as eqx
import jax

import neuralstack as ns
from neuralstack.reporting import Table

WIDTH, LENGTHS, RUNS = 64, (2048, 4096, 8192, 16384, 32768), 5
FORMS = {"kernel": None, "pure": False}
MEMORIES = {"stack": ns.NeuralStack, "queue": ns.NeuralQueue}


def peak_bytes() -> int:
    """Return the largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(memory: str, form: str, controller: str, steps: int) -> dict[str, float]:
    """Return the time and the space of one gradient at this length."""
    kept = MEMORIES[memory](WIDTH, kernel=FORMS[form])
    layer = ns.MemoryLayer(WIDTH, memory=kept, controller=controller, hidden=WIDTH, key=jax.random.key(0))
    inputs = jax.random.normal(jax.random.key(1), (steps, WIDTH))

    def loss(both):
        layer, inputs = both
        return (layer(inputs) ** 2).sum()

    params, static = eqx.partition(layer, eqx.is_inexact_array)
    gradient = jax.jit(jax.value_and_grad(lambda params, inputs: loss((eqx.combine(params, static), inputs)), (0, 1)))
    compiled = gradient.lower(params, inputs).compile()
    before = peak_bytes()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        jax.block_until_ready(compiled(params, inputs))
        seconds.append(time.perf_counter() - start)
    outputs = inputs.nbytes
    return {
        "temporary_mib": compiled.memory_analysis().temp_size_in_bytes / 2**20,
        "growth_mib": (peak_bytes() - before - outputs) / 2**20,
        "seconds": statistics.median(seconds),
    }


def main() -> None:
    """Measure every form at every length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", choices=MEMORIES, default="stack")
    parser.add_argument("--controller", choices=ns.PARALLEL_CONTROLLERS, default="feedforward")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--forms", choices=FORMS, nargs="+", default=list(FORMS))
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--one", action="store_true", help="measure in this process: the first form and length")
    arguments = parser.parse_args()
    if arguments.one:
        found = measure(arguments.memory, arguments.forms[0], arguments.controller, arguments.lengths[0])
        print(json.dumps(found))
        return
    rows, before = [], {}
    for steps in arguments.lengths:
        for form in arguments.forms:
            given = ["--memory", arguments.memory, "--controller", arguments.controller, "--forms", form, "--one"]
            command = [sys.executable, __file__, *given, "--lengths", str(steps)]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            if arguments.json:
                print(json.dumps({"steps": steps, "form": form, **found}), flush=True)
            growth = f"{found['seconds'] / before[form]:.2f} x" if form in before else ""
            before[form] = found["seconds"]
            numbers = [f"{found[name]:.1f}" for name in ("temporary_mib", "growth_mib")]
            rows.append((steps, form, *numbers, f"{found['seconds'] * 1e3:.1f}", growth))
    if not arguments.json:
        title = f"Gradient of a memory layer ({arguments.memory}, {arguments.controller}), width {WIDTH}, one sequence"
        columns = ("steps", "form", "temporary MiB", "growth MiB", "ms", "time / shorter")
        print(Table(title, columns, rows))


if __name__ == "__main__":
    main()

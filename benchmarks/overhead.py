"""Cost of a stack, in time and in memory, relative to the recurrent network that operates it.

Times the forward and backward pass of an LSTM of width 64 with a stack of width 64 (embedding, heads, memory and
answer), for batches of 50, against the same LSTM, embedding and answer without the stack. All variants of one length
are measured in turn, in rounds, in one process; medians are shown, and apart from them the seconds of one compilation.
`--variants NAME ...` measures some only, `--return-memory` without `ns.keep_memory()`. `--json` prints `{"130":
{"lstm": seconds, ...}, ...}` as the last line, and `--out DIR` writes `overhead.json`.

The variants:

    lstm              the LSTM alone, a `lax.scan` with JAX's own gradient
    lstm-unroll       the LSTM alone, in the unroll of this package
    kernel            LSTM and stack, connection `layer`, C++ kernels
    kernel-feedback   LSTM and stack, connection `feedback`, C++ kernels
    interval          connection `layer`, pure JAX
    interval-feedback connection `feedback`, pure JAX
    scan              a `lax.scan` over the stack's step with JAX's own gradient
    matrix            the same with the equations of the paper, sums over the elements above as a triangular matrix
    direct            as `kernel`, with gates that see the input, values with a constant, and the connection `skip`
    direct-read       as `direct`, with feedback of factor 1, and gates that see the last read
    direct-repeat     as `direct`, with values that can repeat the last read
    direct-readout    as `direct`, with a second LSTM after the memory
    multiplicative    a multiplicative network alone, as `lstm`
    multiplicative-unroll  the same as `lstm-unroll`
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
from rich.progress import track

import neuralstack as ns
from neuralstack.reporting import Table
from neuralstack.training import begin, complete, step_spec, train_until

BATCH, WIDTH, VOCABULARY = 50, 64, 131
STEPS = (74, 130, 258, 514, 1026, 4098)
MOST_BYTES, MOST_SECONDS = 6 * 2**30, 10  # a variant that needs more memory or time than this is not timed


def machine(memory: ns.AbstractMemory, connection: ns.Connection | str, controller=ns.LSTM, readout=None) -> ns.Machine:
    """Return the machine to measure: a stack, or nothing, with one controller or two, given by their classes."""
    first, second = (
        None if kind is None else kind(WIDTH, WIDTH, key=jax.random.key(number))
        for number, kind in enumerate((controller, readout), 1)
    )
    return ns.Machine(first, memory, VOCABULARY, connection=connection, readout=second, key=jax.random.key(0))


def unrolled(machine: ns.Machine, tokens: jax.Array) -> jax.Array:
    """Run the package's own unroll."""
    return machine.batch(tokens).logits


def network_scan(machine: ns.Machine, tokens: jax.Array) -> jax.Array:
    """Run a network alone as JAX users write it: with the input projection before the loop and the answer after it."""
    controller = machine.controller
    projected = controller.project(machine.embedding[tokens])
    state = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (BATCH, *leaf.shape)), controller.init())
    _, hidden = jax.lax.scan(lambda state, now: jax.vmap(controller.step_projected)(state, now), state, projected)
    answer = jnp.tanh(hidden @ machine.answer_weights + machine.answer_bias)
    return answer @ machine.output_weights + machine.output_bias


def stack_scan(machine: ns.Machine, tokens: jax.Array) -> jax.Array:
    """Run the machine as a loop over its step, differentiated by JAX."""
    return jax.vmap(lambda one: machine.trace(one).logits, in_axes=1, out_axes=1)(tokens)


class MatrixStack(ns.NeuralStack):
    """The stack as in equations 1 to 3 of the paper, with the sums over the elements above as one matrix product."""

    def init(self, steps, dtype=None):
        return jnp.zeros((steps, self.width)), jnp.zeros(steps), jnp.zeros((), jnp.int32)

    def step(self, state, action):
        values, strengths, time = state
        above = jnp.triu(jnp.ones((len(strengths), len(strengths))), 1)
        strengths = jax.nn.relu(strengths - jax.nn.relu(action.pop - above @ strengths))
        values, strengths = values.at[time].set(action.value), strengths.at[time].set(action.push)
        weights = jnp.minimum(strengths, jax.nn.relu(1 - above @ strengths))
        return (values, strengths, time + 1), weights @ values

    def strengths(self, state):
        return state[1]


RETURNING = ("lstm-unroll", "kernel", "kernel-feedback")
NOTHING, KERNEL, PURE = ns.NoMemory(), ns.NeuralStack(WIDTH), ns.NeuralStack(WIDTH, kernel=False)
DIRECT = ns.Connection(answer_from="both", gates_see_input=True, value_constant=True)
VARIANTS = {
    "lstm": (partial(machine, NOTHING, "paper"), network_scan),
    "lstm-unroll": (partial(machine, NOTHING, "paper"), unrolled),
    "kernel": (partial(machine, KERNEL, "layer"), unrolled),
    "kernel-feedback": (partial(machine, KERNEL, "feedback"), unrolled),
    "interval": (partial(machine, PURE, "layer"), unrolled),
    "interval-feedback": (partial(machine, PURE, "feedback"), unrolled),
    "scan": (partial(machine, PURE, "layer"), stack_scan),
    "matrix": (partial(machine, MatrixStack(WIDTH), "layer"), stack_scan),
    "direct": (partial(machine, KERNEL, DIRECT), unrolled),
    "direct-read": (partial(machine, KERNEL, replace(DIRECT, gates_see_read=True, feedback=1.0)), unrolled),
    "direct-repeat": (partial(machine, KERNEL, replace(DIRECT, values_repeat_read=True)), unrolled),
    "direct-readout": (partial(machine, KERNEL, DIRECT, readout=ns.LSTM), unrolled),
    "multiplicative": (partial(machine, NOTHING, "paper", ns.Multiplicative), network_scan),
    "multiplicative-unroll": (partial(machine, NOTHING, "paper", ns.Multiplicative), unrolled),
}
"""For each variant, a function that builds its machine, and one that runs it."""


def compiled(name: str, steps: int):
    """Return a variant's compiled gradient as a function without arguments, its bytes while it runs, and seconds of
    compilation.
    """
    build, outputs = VARIANTS[name]
    model = build()

    def loss(machine, tokens, targets):
        return ns.cross_entropy(outputs(machine, tokens), targets, jnp.ones(targets.shape, bool)).mean()

    tokens, targets = jax.random.randint(jax.random.key(1), (2, steps, BATCH), 0, VOCABULARY)
    started = time.perf_counter()
    program = jax.jit(jax.value_and_grad(loss)).lower(model, tokens, targets).compile()
    seconds, size = time.perf_counter() - started, program.memory_analysis().temp_size_in_bytes
    return lambda: jax.block_until_ready(program(model, tokens, targets)), size, seconds


def measure(names: list[str], steps: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds, the bytes and the seconds of compilation of every variant; rounds visit those that fit
    in turn.
    """
    programs = {name: compiled(name, steps) for name in names}
    running = {name: call for name, (call, size, _) in programs.items() if size <= MOST_BYTES}
    for name, call in list(running.items()):
        started = time.perf_counter()
        call()  # the first call allocates
        if time.perf_counter() - started > MOST_SECONDS:
            del running[name]
    seconds: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(rounds):
        for name, call in running.items():
            call()  # so that this variant does not pay for memory that the last one freed
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    found = {name: {"bytes": size, "compilation": taken} for name, (_, size, taken) in programs.items()}
    for name, taken in seconds.items():
        found[name]["seconds"] = statistics.median(taken)
    return found


def tokens_per_second(rounds: int, steps: int = 10) -> dict[str, float]:
    """Return the tokens per second of whole training steps: drawing, both passes, clipping, Adam."""
    machines = {"LSTM": "none", "LSTM + stack": "stack"}
    options = {"controller": "lstm", "min_length": 64, "curriculum": "uniform", "batch_size": BATCH}
    configs = {name: complete(ns.configure("reversal", memory=memory, **options)) for name, memory in machines.items()}
    states = {name: begin(config) for name, config in configs.items()}
    taken: dict[str, list[float]] = {name: [] for name in configs}
    for until in range(steps, (rounds + 2) * steps, steps):
        for name, config in configs.items():
            started = time.perf_counter()
            states[name] = jax.block_until_ready(train_until(states[name], step_spec(config), until))
            taken[name].append(time.perf_counter() - started)
    tokens = steps * BATCH * (2 * 64 + 2)
    return {name: tokens / statistics.median(seconds[1:]) for name, seconds in taken.items()}


def without_kept_memory(steps: list[int], rounds: int) -> dict[str, dict[str, float]]:
    """Return the seconds of some variants, by steps, in a process that returns freed memory to the system."""
    lengths = map(str, steps)
    command = [sys.executable, __file__, "--return-memory", "--json", "--rounds", str(rounds), "--steps", *lengths]
    done = subprocess.run([*command, "--variants", *RETURNING], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def tables(found: dict[str, dict[str, dict[str, float]]], names: list[str], tokens: dict[str, float]) -> list[dict]:
    """Return the measurements as tables: milliseconds, their ratio to the LSTM's, mebibytes, compilation, training."""

    def rows(cell):
        return [[name, *(cell(one.get(name, {}), one) for one in found.values())] for name in names]

    def milliseconds(one, _):
        return f"{1000 * one['seconds']:.1f}" if "seconds" in one else ""

    def ratio(one, row):
        return f"{one['seconds'] / row['lstm']['seconds']:.2f}" if "seconds" in one and "lstm" in row else ""

    def mebibytes(one, _):
        return f"{one['bytes'] / 2**20:.0f}"

    def compilation(one, _):
        return f"{one['compilation']:.1f}" if "compilation" in one else ""

    columns = ["variant", *found]
    parts = [("Milliseconds, forward and backward, against steps", milliseconds)]
    parts += [("Times the LSTM alone", ratio)] * ("lstm" in names)
    parts += [("Temporary memory in MiB, against steps", mebibytes), ("Seconds of compilation", compilation)]
    built = [{"title": title, "columns": columns, "rows": rows(cell)} for title, cell in parts]
    if tokens:
        speed = [[name, f"{number:.0f}"] for name, number in tokens.items()]
        built.append({"title": "Whole training steps", "columns": ["machine", "tokens a second"], "rows": speed})
    return built


def main() -> None:
    """Measure every variant at every length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS, help="lengths to measure")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="what to measure")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed, at least 5")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--out", type=Path, help="directory for overhead.json")
    parser.add_argument("--return-memory", action="store_true", help="measure without ns.keep_memory()")
    arguments = parser.parse_args()
    if not arguments.return_memory:
        ns.keep_memory()
    if arguments.rounds < 5:
        parser.error(f"--rounds must be at least 5, got {arguments.rounds}")
    names = arguments.variants
    found = {str(steps): measure(names, steps, arguments.rounds) for steps in track(arguments.steps, "measuring")}
    tokens = tokens_per_second(arguments.rounds) if arguments.out else {}
    built = tables(found, names, tokens)
    for one in built:
        print(Table(one["title"], one["columns"], one["rows"]), end="\n\n")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        returned = without_kept_memory(arguments.steps, arguments.rounds)
        rows = [[name, *(f"{1000 * one[name]:.1f}" for one in returned.values())] for name in RETURNING]
        built.append(
            {"title": "Milliseconds without ns.keep_memory()", "columns": ["variant", *returned], "rows": rows}
        )
        print(Table(built[-1]["title"], built[-1]["columns"], rows), end="\n\n")
        result = {
            "command": "python benchmarks/overhead.py --out docs/results",
            "versions": {name: version(name) for name in ("neuralstack", "jax", "jaxlib")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "measured": found,
            "without_keep_memory": returned,
            "tables": built,
        }
        (arguments.out / "overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    if arguments.json:
        seconds = {
            steps: {name: one[name]["seconds"] for name in names if "seconds" in one[name]}
            for steps, one in found.items()
        }
        print(json.dumps(seconds))


if __name__ == "__main__":
    main()

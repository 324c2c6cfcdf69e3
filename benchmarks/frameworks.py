"""The stack in JAX and in PyTorch, beside plain LSTMs and beside the stack's formula written in PyTorch.

Two settings, forward and backward each:

    network    an LSTM of width 64 with a stack of width 64 (embedding, heads, memory, answer), batches of 50
    layer      one memory layer of width 64 alone, one long sequence

All variants of one setting and length are timed in turn, in rounds, in one process; medians are shown, compilation
apart. The peak of memory is measured after all times, in a process of its own for each variant: what a call needs
beyond its inputs, weights and gradients. `--json` prints `{"network": {"130": {"torch lstm": {"seconds": ...}, ...}},
...}` as the last line, and `--out DIR` writes `frameworks.json`. On a computer with a GPU all pure
forms run there.

The variants of the network:

    jax lstm          the LSTM alone, in the unroll of this package
    jax layer         LSTM and stack, connection `layer`, C++ kernels
    jax feedback      connection `feedback`, C++ kernels
    jax pure          connection `layer`, pure JAX
    torch lstm        PyTorch's LSTM alone
    torch layer       PyTorch's LSTM and `neuralstack.torch.NeuralStack`, C++ kernels
    torch feedback    `neuralstack.torch.Machine`, connection `feedback`, C++ kernels
    torch pure        as `torch layer`, in plain PyTorch
    torch formula     as `torch layer`, with the equations as the paper writes them: at each step, a product with a
                      triangular matrix gives the sums over all elements above

and of the layer: `jax kernel`, `jax pure`, `jax closed` (the closed form: one matrix of all steps by all steps), `torch
kernel` and `torch pure`.
"""

import argparse
import ctypes
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import jax
import torch
from _frameworks import DEVICE, KERNELS_RUN, SETTINGS, WITH_KERNELS, Call
from rich.progress import track

import neuralstack as ns
from neuralstack.reporting import Table

STEPS, LAYER_STEPS = (130, 514, 1026), (1024, 4096, 16384)
MOST_SECONDS = 5  # a variant that takes longer is not timed
SHORT_SECONDS = 0.3  # before a shorter call comes another one, until the threads of the variant before it are at rest


def measured_variants(setting: str) -> dict[str, Callable]:
    """Return the variants of a setting that run on this device."""
    return {name: build for name, build in SETTINGS[setting].items() if KERNELS_RUN or name not in WITH_KERNELS}


def measure(setting: str, steps: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds of every variant of a setting that is not too slow; rounds visit them in turn."""
    calls: dict[str, tuple[Call, bool]] = {}
    for name, build in measured_variants(setting).items():
        try:
            call = build(steps)[0]
        except MemoryError:
            continue
        call()
        started = time.perf_counter()
        call()
        taken = time.perf_counter() - started
        if taken <= MOST_SECONDS:
            calls[name] = call, taken < SHORT_SECONDS
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (call, is_short) in calls.items():
            if is_short:
                call()
            gc.collect()
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: {"seconds": statistics.median(taken)} for name, taken in seconds.items()}


def peak(setting: str, name: str, steps: int) -> int:
    """Return the bytes that a variant's call needs at its peak, beyond what was there before it."""
    call, size = SETTINGS[setting][name](steps)
    if size is not None:
        return size
    call()  # gradients are there from now on
    gc.collect()
    if DEVICE.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return torch.cuda.max_memory_allocated() - before
    ctypes.CDLL(None).malloc_trim(0)  # what that call has freed is not there for the next one
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from now on
    before = resident("VmRSS")
    call()
    return max(0, resident("VmHWM") - before)


def resident(name: str) -> int:
    """Return a number of bytes from what Linux knows of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def add_peaks(setting: str, steps: str, found: dict[str, dict[str, float]]) -> None:
    """Measure the memory of each variant, in a process of its own."""
    for name, one in found.items():
        command = [sys.executable, __file__, "--peak", setting, name, steps]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == 0:
            one["bytes"] = int(done.stdout.splitlines()[-1])


def tables(found: dict[str, dict[str, dict[str, dict[str, float]]]]) -> list[dict]:
    """Return the measurements as tables: milliseconds, their ratio to the fastest plain LSTM, mebibytes."""
    built = []
    for setting, by_steps in found.items():

        def add(title, cell, setting=setting, by_steps=by_steps):
            names = [name for name in SETTINGS[setting] if any(name in one for one in by_steps.values())]
            rows = [
                [name, *(cell(one[name], one) if name in one else "" for one in by_steps.values())] for name in names
            ]
            built.append({"title": title, "columns": [setting, *by_steps], "rows": rows})

        def ratio(one, row):
            fastest = min(row[name]["seconds"] for name in ("jax lstm", "torch lstm") if name in row)
            return f"{one['seconds'] / fastest:.2f}"

        add(f"Milliseconds of the {setting}, against steps", lambda one, _: f"{1000 * one['seconds']:.1f}")
        if setting == "network":
            add("Times the fastest plain LSTM", ratio)
        add(f"Memory of the {setting} in MiB", lambda one, _: f"{one['bytes'] / 2**20:.0f}" if "bytes" in one else "")
    return built


def card() -> str:
    """Return the names of the devices that were measured."""
    of_torch = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU"
    return f"JAX: {jax.devices()[0].device_kind}; PyTorch: {of_torch}"


def main() -> None:
    """Measure every variant at every length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="*", default=STEPS, help="lengths of the network")
    parser.add_argument("--layer-steps", type=int, nargs="*", default=LAYER_STEPS, help="lengths of the layer")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is timed, at least 3")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--out", type=Path, help="directory for frameworks.json")
    parser.add_argument("--peak", nargs=3, metavar=("SETTING", "NAME", "STEPS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        setting, name, steps = arguments.peak
        print(peak(setting, name, int(steps)))
        return
    if arguments.rounds < 3:
        parser.error(f"--rounds must be at least 3, got {arguments.rounds}")
    ns.keep_memory()
    lengths = {"network": arguments.steps, "layer": arguments.layer_steps}
    found: dict[str, dict[str, dict[str, dict[str, float]]]] = {setting: {} for setting in SETTINGS}
    for setting, steps in track([(name, n) for name, all_steps in lengths.items() for n in all_steps], "times"):
        found[setting][str(steps)] = measure(setting, steps, arguments.rounds)
    for setting, by_steps in found.items():
        for steps in track(by_steps, f"memory of the {setting}"):
            add_peaks(setting, steps, by_steps[steps])
    built = tables(found)
    for one in built:
        print(Table(one["title"], one["columns"], one["rows"]), end="\n\n")
    print(f"Measured on {card()}.")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        result = {
            "command": "python benchmarks/frameworks.py --out docs/results",
            "versions": {name: version(name) for name in ("neuralstack", "jax", "jaxlib", "torch")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "devices": card(),
            "measured": found,
            "tables": built,
        }
        (arguments.out / "frameworks.json").write_text(json.dumps(result, indent=1) + "\n")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

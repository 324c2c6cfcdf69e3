"""One training by two processes over loopback: it equals that of two devices of one process, and survives a kill.

    python benchmarks/two_processes.py [--steps 200] [--victim 1]

It prints how many losses and weights are the same, bit for bit, and what the process that was not killed says.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from neuralstack.training import free_port

TRAIN = [
    "train", "reversal", "--max-length", "16", "--batch-size", "48", "--hidden-dim", "32", "--memory-dim", "32",
    "--restart-after", "0", "--stop-after-perfect", "0", "--evaluate-every", "1",
]  # fmt: skip
FILES = ("model.safetensors", "checkpoint.safetensors")


def start(*options, devices=1):
    """Start the command line in a process with this number of CPU devices."""
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    full = [sys.executable, "-m", "neuralstack", *map(str, options), "--distributed"]
    return subprocess.Popen(full, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_two(*options):
    """Start two processes that train together."""
    common = ("--coordinator", f"127.0.0.1:{free_port()}", "--processes", 2, "--process")
    return [start(*options, *common, number) for number in range(2)]


def finish(processes):
    """Wait until all processes have ended well."""
    for process in processes:
        _, error = process.communicate()
        if process.returncode != 0:
            sys.exit(f"a process has ended with status {process.returncode}: {error}")
        print("   ", *error.splitlines()[:1])


def records(run):
    """Return the evaluations of a run, one for each step, without their times."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def compare(one, other):
    """Print what is the same, and return whether all is."""
    same = [a == b for a, b in zip(records(one), records(other), strict=True)]
    files = [name for name in FILES if (one / name).read_bytes() == (other / name).read_bytes()]
    print(f"    {sum(same)} of {len(same)} losses and {len(files)} of {len(FILES)} files are the same, bit for bit")
    return all(same) and len(files) == len(FILES)


def main(steps, victim):
    """Train in three ways, and compare."""
    folder = Path(tempfile.mkdtemp())
    one, two, killed = (folder / name for name in ("one", "two", "killed"))
    print(f"one process with two devices, {steps} steps")
    finish([start(*TRAIN, "--max-steps", steps, "--out", one, devices=2)])
    print(f"two processes with one device each, {steps} steps")
    finish(start_two(*TRAIN, "--max-steps", steps, "--out", two))
    same = compare(one, two)
    print(f"the same, but process {victim} is killed")
    processes = start_two(*TRAIN, "--max-steps", steps, "--out", killed)
    while not (killed / "metrics.jsonl").exists() or len(records(killed)) < steps // 4:
        time.sleep(0.01)
    processes[victim].kill()
    started = time.monotonic()
    _, error = processes[1 - victim].communicate()
    status, seconds = processes[1 - victim].returncode, time.monotonic() - started
    print(f"    the other ends after {seconds:.1f} s with status {status}: {error.splitlines()[-1]}")
    print("resumed")
    finish(start_two("train", "--resume", killed))
    if not (compare(one, killed) and same and status == 1 and seconds < 60):
        sys.exit("this is not what is promised")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--victim", type=int, default=1, choices=(0, 1))
    given = parser.parse_args()
    main(given.steps, given.victim)

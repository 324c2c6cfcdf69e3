"""Speed of exported programs: the time in which each form answers a long source.

The program is that of Dyck-2, which answers after each bracket which one may close next. The source is balanced
brackets, drawn at random, in one line of the standard input. Each form is run in its own process, in rounds in which
all take turns; the median is shown, with the start of the process. A form is left out if what it needs, a C compiler or
Node, is not there. `--out DIR` also writes `exported_programs.json`.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import neuralstack as ns
from neuralstack.automata import Layout
from neuralstack.reporting import Table
from neuralstack.verification import specification

FORMS = {"C": ("c", "program.c"), "JavaScript": ("module", "program.mjs"), "Python": ("python", "program.py")}
MOST = {"JavaScript": 10**6, "Python": 10**5}  # symbols, of the forms that take seconds for more
OPENING, CLOSING = "([", ")]"


def balanced(count: int) -> str:
    """Return balanced brackets of two kinds, drawn at random: an even number of them."""
    rng, written, waiting = Random(0), [], []
    while len(written) < count:
        if waiting and (len(waiting) == count - len(written) or rng.random() < 0.5):
            written.append(CLOSING[waiting.pop()])
        else:
            waiting.append(rng.randrange(2))
            written.append(OPENING[waiting[-1]])
    return "".join(written)


def dyck() -> ns.StackTransducer:
    """Return the program of Dyck-2, which a trained machine has too in its smallest form."""
    task = ns.TASKS["dyck-2"]()
    found = specification(task)
    assert found is not None
    return replace(found, layout=Layout("synchronous", task.symbols)).minimal()


def commands(program: ns.StackTransducer, directory: Path) -> dict[str, list[str]]:
    """Write a program in each form for which there is what it needs; return the commands that run them."""
    compiler, node = shutil.which("cc"), shutil.which("node")
    for to, name in FORMS.values():
        (directory / name).write_text(ns.export(program, to), encoding="utf-8")
    found = {}
    if compiler:
        built = directory / "program"
        subprocess.run([compiler, "-std=c99", "-O2", directory / "program.c", "-o", built], check=True)
        found["C"] = [str(built)]
    if node:
        found["JavaScript"] = [node, str(directory / "program.mjs")]
    return found | {"Python": [sys.executable, "-I", str(directory / "program.py")]}


def seconds(command: list[str], source: Path, program: ns.StackTransducer) -> float:
    """Return the seconds in which a command answers a source, and check the end of the answer."""
    started = time.perf_counter()
    with source.open("rb") as given:
        answered = subprocess.run(command, stdin=given, stdout=subprocess.PIPE, check=True).stdout
    taken = time.perf_counter() - started
    assert len(answered) == source.stat().st_size
    assert answered.endswith((program.vocabulary[-2] + "\n").encode()), "all brackets are closed in the end"
    return taken


def main() -> None:
    """Measure every form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=10**7, help="symbols of the source, an even number")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken")
    parser.add_argument("--out", type=Path, help="a directory for exported_programs.json")
    arguments = parser.parse_args()
    program = dyck()
    with TemporaryDirectory() as name:
        directory = Path(name)
        run, sources = commands(program, directory), {}
        for form in run:
            count = min(arguments.symbols, MOST.get(form, arguments.symbols))
            sources[form] = directory / f"{count}.txt"
            if not sources[form].exists():
                sources[form].write_text(balanced(count) + "\n")
        times: dict[str, list[float]] = {form: [] for form in run}
        for _ in range(arguments.rounds):
            for form, command in run.items():
                times[form].append(seconds(command, sources[form], program))
        counts = {form: sources[form].stat().st_size - 1 for form in run}
    medians = {form: statistics.median(taken) for form, taken in times.items()}
    rows = [
        (form, f"{counts[form]:,}", f"{medians[form]:.2f}", f"{counts[form] / medians[form] / 1e3:,.0f}")
        for form in run
    ]
    columns = ("form", "symbols", "seconds", "thousand symbols a second")
    title = "Dyck-2 as a program: the time for one source"
    print(Table(title, columns, rows))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        result = {
            "command": f"python benchmarks/exported_programs.py --symbols {arguments.symbols} "
            f"--rounds {arguments.rounds} --out {arguments.out}",
            "versions": {"neuralstack": version("neuralstack")},
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "tables": [{"title": title, "columns": columns, "rows": rows}],
        }
        (arguments.out / "exported_programs.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

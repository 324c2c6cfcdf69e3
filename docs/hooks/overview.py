"""Tables over all committed result files: which memory solves which task, and the best results beside published ones.

A line `<!-- overview: memories -->` or `<!-- overview: published -->` in a page becomes these tables. The README, which
is read without being built, holds the second one; this writes it there again:

    python docs/hooks/overview.py README.md
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from mkdocs.exceptions import PluginError

from neuralstack.experiments.chomsky import PUBLISHED as CHOMSKY, PUBLISHED_MACHINES, published as chomsky_score
from neuralstack.experiments.counting import FURTHEST, LANGUAGES, PUBLISHED as COUNTING
from neuralstack.experiments.reversal import PUBLISHED as REVERSAL
from neuralstack.experiments.transductions import MACHINES, PUBLISHED as TRANSDUCTIONS
from neuralstack.reporting import Table
from neuralstack.tasks import FAMILIES

MARKER = re.compile(r"^<!-- overview: (memories|published) -->$", re.MULTILINE)
IN_README = re.compile(r"(?<=<!-- published: begin -->\n\n).*(?=\n\n<!-- published: end -->)", re.DOTALL)
RESULTS = Path(__file__).parents[1] / "results"
FAR = 10_000  # symbols, to which hardened machines of string reversal are tested
NUMBERS = {1: "a", 2: "two", 4: "four", 5: "five", 10: "ten"}
CONTROLLERS = {"gru": "GRU", "lstm": "LSTM", "elman": "Elman"}
RAISED = str.maketrans("nm2+", "ⁿᵐ²⁺")
PATHS = {  # options of a connection that are worth a word here; factors are not
    "feedback=1.0": "feedback",
    "gates_see_input=True": "gates see the input",
    "gates_see_read=True": "gates see the read",
    "gates_see_state=False": "gates do not see the state",
    "values_repeat_read=True": "values repeat the read",
}
TITLES = {
    "transduction": "Transductions",
    "formal": "Counting",
    "regular": "Regular languages",
    "context-free": "Stacks of any depth",
    "context-sensitive": "Copies and rearrangements",
}


class Machine(NamedTuple):
    """A machine as it was measured on a task."""

    task: str
    memory: str
    controller: str
    connection: str
    solved: int
    """The number of seeds that answer all test sequences without an error."""
    seeds: int
    seconds: float
    """The median time of training."""
    best: float
    """The share of right sequences of the best seed, or of right symbols on the tasks of the Chomsky hierarchy."""
    exact: str
    """The number of seeds that are exact far beyond the training lengths once they are hardened."""


def result(name: str) -> dict[str, Any]:
    """Return the variants of a committed result."""
    return json.loads((RESULTS / f"{name}.json").read_text())["variants"]


def machine_of(variant: dict[str, Any], solved: int, best: float, exact: str = "") -> Machine:
    """Return a machine of a result file; earlier files have flat configurations."""
    config, runs = variant["config"], variant["runs"]
    memory, controller, connection = (
        config.get("machine", config)[part] for part in ("memory", "controller", "connection")
    )
    seconds = median(run["seconds"] for run in runs)
    return Machine(config["task"], memory, controller, connection, solved, len(runs), seconds, best, exact)


def machines() -> list[Machine]:
    """Return all measured machines with a memory, and those of this package without one."""
    hardened = [run["hardened"][str(FAR)] == 1 for run in result("hardening")["demo"]["runs"]]
    far = {("reversal", "stack"): f"{sum(hardened)} of {len(hardened)} at {FAR:,}"}
    found = [
        machine_of(variant, variant["solved"], variant["best"]["test"]["coarse"], far.get(tuple(name.split("/")), ""))
        for name, variant in result("transductions").items()
        if variant["label"] in ("stack", "queue", "DeQue")
    ]
    for variant in result("counting").values():
        if variant["label"] == "stack":
            right = [run["hard"] == 100 for run in variant["runs"]]
            best, exact = best_counting(variant), f"{sum(right)} of {len(right)} at n = {FURTHEST}"
            found.append(machine_of(variant, sum(right), best, exact))
    for variant in result("chomsky").values():
        if variant["label"] == "ours":
            whole = sum(run["whole"] == 1 for run in variant["runs"])
            exact = [run["hard_5000"] == 1 for run in variant["runs"]]
            best = max(run["score"] for run in variant["runs"]) / 100
            found.append(machine_of(variant, whole, best, f"{sum(exact)} of {len(exact)} at 5,000"))
    return found


def best_counting(variant: dict[str, Any]) -> float:
    """Return the share of strings that the rounded stacks continue, of the seed that is best on the training counts."""
    return min(variant["runs"], key=lambda run: run["validation"]["loss"])["hard"] / 100


def memories() -> list[Table]:
    """Return a table for each family of tasks: the memory that solves each task, and the others that were tried."""
    found = machines()
    columns = (
        "task", "memory", "controller", "connection", "best %", "seeds solved", "seconds", "exact, rounded", "others",
    )  # fmt: skip
    tables = []
    for family, title in TITLES.items():
        rows = []
        for task in FAMILIES[family]:
            measured = sorted((one for one in found if one.task == task), key=lambda one: (-one.solved, one.seconds))
            if measured:
                best, *others = measured
                rows.append((
                    task, words(best.memory), CONTROLLERS.get(best.controller, best.controller),
                    connection_words(best), percent(best.best), f"{best.solved} of {best.seeds}",
                    f"{best.seconds:.0f}", best.exact,
                    ", ".join(f"{words(one.memory)}: {one.solved} of {one.seeds}" for one in others),
                ))  # fmt: skip
        tables.append(Table(title, columns, rows, num_text_columns=4))
    return tables


def words(memory: str) -> str:
    """Return a memory in words.

    Examples:
        >>> words("queue+queue"), words("none")
        ('two queues', 'none')
    """
    if memory == "none":
        return memory
    counted = Counter(memory.replace("deque", "DeQue").split("+"))
    return " and ".join(
        f"{NUMBERS.get(count, count)} {kind}{'s' if count > 1 else ''}" for kind, count in counted.items()
    )


def connection_words(machine: Machine) -> str:
    """Return the paths that a connection has."""
    if machine.memory == "none":
        return ""
    name, _, options = machine.connection.rstrip(")").partition("(")
    return ", ".join([name, *(PATHS[option] for option in options.split(", ") if option in PATHS)])


def published() -> Table:
    """Return our best results beside the published ones, on sequences longer than those of training."""
    rows = [
        *(from_reversal(*cell) for cell in (("stack", "LSTM + stack"), ("lstm", "LSTM"))),
        *(from_transductions(task, "queue") for task in ("copy", "bigram flip", "SVO to SOV")),
        *(from_counting(language) for language in ("anbncndn", "anbmcnm")),
        *(
            from_chomsky(task)
            for task in (
                "parity", "stack-manipulation", "modular-arithmetic-brackets", "duplicate-string", "odds-first",
            )
        ),
    ]  # fmt: skip
    columns = ("task", "machine", "best seed", "published", "by", "seeds without an error")
    return Table("", columns, rows, num_text_columns=2)


def from_reversal(name: str, machine: str) -> tuple[str, ...]:
    """Return the row of a machine on string reversal."""
    variant = result("reversal")[name]
    theirs = [row for row in REVERSAL if row.machine == machine][-1]
    return row_of(
        "string reversal", variant, variant["best"]["test"]["coarse"], percent(theirs.test_coarse), theirs.source,
        variant["solved"],
    )  # fmt: skip


def from_transductions(task: str, machine: str) -> tuple[str, ...]:
    """Return the row of a machine on a transduction."""
    (variant,) = (one for one in result("transductions").values() if (one["group"], one["label"]) == (task, machine))
    theirs = percent(TRANSDUCTIONS[task][MACHINES.index(machine)][2])
    return row_of(
        task, variant, variant["best"]["test"]["coarse"], theirs, "Grefenstette (2015)", variant["solved"]
    )  # fmt: skip


def from_counting(language: str) -> tuple[str, ...]:
    """Return the row of the rounded stacks on a counting language."""
    variant = result("counting")[f"{language}/stack"]
    theirs = percent(COUNTING["stack RNN, rounded"][list(LANGUAGES).index(language)] / 100)
    right = sum(run["hard"] == 100 for run in variant["runs"])
    return row_of(
        raised(LANGUAGES[language]), variant, best_counting(variant), theirs, "Joulin and Mikolov (2015)", right
    )


def raised(language: str) -> str:
    """Return a language with its exponents raised.

    Examples:
        >>> raised("a^n b^m c^(n+m)")
        'aⁿ bᵐ cⁿ⁺ᵐ'
    """
    return re.sub(r"\^\(?([\w+]+)\)?", lambda found: found[1].translate(RAISED), language)


def from_chomsky(task: str) -> tuple[str, ...]:
    """Return the row of a task of the Chomsky hierarchy, beside the best published network."""
    variant = result("chomsky")[f"{task}/ours"]
    whole = sum(run["whole"] == 1 for run in variant["runs"])
    theirs = PUBLISHED_MACHINES[CHOMSKY[task].index(max(CHOMSKY[task]))]
    return row_of(
        task.replace("-", " "), variant, max(run["score"] for run in variant["runs"]) / 100,
        chomsky_score(task, theirs).removesuffix(".0").replace("~", "≈"), "Delétang (2023)", whole,
    )  # fmt: skip


def row_of(task: str, variant: dict[str, Any], best: float, theirs: str, source: str, solved: int) -> tuple[str, ...]:
    """Return a row of the table of published results."""
    machine = machine_of(variant, solved, best)
    controller = CONTROLLERS.get(machine.controller, machine.controller)
    name = controller if machine.memory == "none" else f"{controller}, {words(machine.memory)}"
    return task, name, percent(best), theirs, source, f"{solved} of {machine.seeds}"


def percent(share: float) -> str:
    """Return a share in percent; only what is exact is called 100.

    Examples:
        >>> percent(1.0), percent(0.9998), percent(0.55)
        ('100', '99.9', '55')
    """
    return "100" if share == 1 else f"{min(100 * share, 99.9):.1f}".removesuffix(".0")


def on_page_markdown(markdown, page, **_):
    """Replace the markers of a page."""

    def tables(found):
        try:
            shown = memories() if found[1] == "memories" else [published()]
        except (OSError, ValueError, KeyError) as error:
            raise PluginError(
                f"{page.file.src_uri} needs the result files of docs/results, of which one is missing, broken or of "
                f"another version ({error!r}): run `neuralstack reproduce` of its name."
            ) from None
        return "\n\n".join(table.markdown() for table in shown)

    return MARKER.sub(tables, markdown)


def write_into(readme: str) -> str:
    """Return the text of the README with the table of published results."""
    return IN_README.sub(lambda _: published().markdown(), readme)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(write_into(path.read_text()))

"""Reports on a hardened machine: the margins of its actions, and the program extracted from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import numpy as np

from neuralstack.automata import Comparison, Extraction, StackTransducer, answer_columns, rule_columns
from neuralstack.discretization import UnitMargins
from neuralstack.machine import Machine
from neuralstack.reporting._style import COLORS, figure
from neuralstack.reporting._table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neuralstack.verification import Verification

SMALL_MARGIN = 0.1  # of a unit that comes close to being rounded otherwise
MAX_STATES = 12  # of a program that is listed in full


def hardening_record(
    machine: Machine, compared: Comparison, extraction: Extraction, verification: "Verification | None" = None
) -> dict[str, Any]:
    """Return the record of a hardening, the content of `hardening.json`.

    Args:
        machine: The machine as it was trained.
        compared: Its comparison with its hardened form.
        extraction: The program of that.
        verification: What was found out about the program, if it was verified.
    """
    names = "least", "percent_1", "median"
    record: dict[str, Any] = {
        "hardened": compared.agreement.same == compared.agreement.sequences,
        "how": "actions rounded, controller's state bounded",
        "agreement": {"same": compared.agreement.same, "sequences": compared.agreement.sequences},
        "first_difference": compared.difference,
        "margins": {action: dict(zip(names, levels(of), strict=True)) for action, of in compared.margins.items()},
        "states": {part: units_record(units) for part, units in compared.states.items()},
        "network": network_size(machine),
        "program": None,
        "verification": None if verification is None else verification.record(),
    }
    if extraction.program is None:
        return record | {"no_program": extraction.reason}
    assert extraction.agreement is not None
    agreement = {"same": extraction.agreement.same, "sequences": extraction.agreement.sequences}
    program, smallest = extraction.program, extraction.program.minimal()
    sizes = {"states": len(program.states), "smallest_states": len(smallest.states), "bits": smallest.bits}
    return record | {"program": sizes | {"agreement": agreement}}


def network_size(machine: Machine) -> dict[str, int]:
    """Return the number of weights of a machine, and of the bits that they take."""
    weights = [leaf for leaf in jax.tree.leaves(machine) if eqx.is_inexact_array(leaf)]
    return {
        "weights": sum(leaf.size for leaf in weights),
        "bits": sum(8 * leaf.size * leaf.dtype.itemsize for leaf in weights),
    }


def sizes_text(record: dict[str, Any]) -> str:
    """Return how many bits a program and its network take, from the record of their hardening.

    Examples:
        >>> sizes_text({"program": {"smallest_states": 2, "bits": 35}, "network": {"weights": 1000, "bits": 32000}})
        'as 2 states, the program takes 35 bits; the 1,000 weights of the network take 32,000'
    """
    program, network = record["program"], record["network"]
    states = f"{program['smallest_states']} state{'s' if program['smallest_states'] > 1 else ''}"
    return (
        f"as {states}, the program takes {program['bits']:,} bits; the {network['weights']:,} weights of the network "
        f"take {network['bits']:,}"
    )


def levels(margins: np.ndarray) -> list[float]:
    """Return the minimum, the first percentile and the median of some margins."""
    return [float(margin) for margin in np.quantile(margins, (0, 0.01, 0.5))]


def margins_table(title: str, margins: dict[str, np.ndarray]) -> Table:
    """Return a table of how far each action was from being rounded the other way."""
    rows = [(name, len(of), *(f"{level:.4f}" for level in levels(of))) for name, of in margins.items()]
    return Table(title, ("action", "steps", "least margin", "1 % below", "median"), rows)


def units_record(units: UnitMargins) -> list[dict[str, Any]]:
    """Return the margins of each unit of a state as plain data."""
    return [
        {"least": float(least), "median": float(median), "constant": bool(constant)}
        for least, median, constant in zip(*units, strict=True)
    ]


def states_table(title: str, states: dict[str, UnitMargins]) -> Table:
    """Return a summary of how far the units of each state were from being rounded the other way.

    Examples:
        >>> units = UnitMargins(np.array([0.05, 0.4]), np.array([0.3, 0.5]), np.array([False, True]))
        >>> print(states_table("", {"controller": units}))
        state       units  least margin  units under 0.1  constant units
        ----------  -----  ------------  ---------------  --------------
        controller      2        0.0500                1               1
    """
    columns = ("state", "units", "least margin", f"units under {SMALL_MARGIN}", "constant units")
    rows = [
        (
            part,
            len(units.least),
            f"{units.least.min(initial=0.5):.4f}",
            int((units.least < SMALL_MARGIN).sum()),
            int(units.constant.sum()),
        )
        for part, units in states.items()
    ]
    return Table(title, columns, rows)


def describe_program(title: str, program: StackTransducer, width: int | None = None) -> str:
    """Return the transitions and the answers of a program as text; for a large one, only one line.

    Args:
        title: The title of the transitions.
        program: The program.
        width: Number of characters in a line. Defaults to no limit.
    """
    if len(program.states) > MAX_STATES:
        return f"{title}: too many to list"
    rules, answers = program.table(), program.answer_table()
    transitions = Table(title, rule_columns(program), rules, len(rule_columns(program)))
    answers = Table("Answers", answer_columns(program), answers, len(answer_columns(program)))
    return f"{transitions.text(width)}\n\n{answers.text(width)}"


def plot_margins(margins: dict[str, np.ndarray], path: str | Path | None = None) -> "Figure":
    """Draw a histogram of the margins of each action; at a margin of 0 the rounding is undecided.

    Args:
        margins: The margin of every step, by the name of the action.
        path: The files to write, as PNG and PDF, without a suffix. Defaults to None, which writes no files.

    Returns:
        The figure, which a notebook shows.
    """
    with figure(path, 1, 1, (6, 3)) as (drawn, axes):
        panel = axes[0, 0]
        for number, (name, values) in enumerate(margins.items()):
            look = {"color": COLORS[number % len(COLORS)], "linestyle": ("-", "--", "-.", ":")[number % 4]}
            panel.hist(values, bins=np.linspace(0, 0.5, 51), histtype="step", linewidth=1.5, label=name, **look)
        panel.set(
            xlim=(0, 0.5), yscale="log", xlabel="margin: distance from being rounded the other way", ylabel="steps"
        )
        panel.legend(loc="upper left")
    return drawn

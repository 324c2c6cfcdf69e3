"""What a machine does with its memory, step by step, as a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from neuralstack.analysis._style import COLOURS, figure

MOST_LABELS = 60


def plot_trace(trace: dict[str, Any], path: str | Path, suffixes: tuple[str, ...] = (".png", ".pdf")) -> None:
    """Draw push and pop strengths, what is left of every element and what is read, over time.

    The symbols below are what the machine is given at each step, those above what it then answers.

    Args:
        trace: What `ns.trace` returned.
        path: Where to, without a suffix.
        suffixes: In which forms.
    """
    steps, first = trace["steps"], trace["first_answer"]
    given = [step["given"] for step in steps]
    answered = [step["answered"] if time >= first else "" for time, step in enumerate(steps)]
    every = -(-len(given) // MOST_LABELS)
    rows = 3 * len(trace["memories"])
    width = min(max(6, 0.24 * len(given)), 40)
    with figure(path, rows, 1, (width, 2.4 * rows), suffixes) as (drawn, axes):
        for number, memory in enumerate(trace["memories"]):
            actions, elements, reads = axes[3 * number : 3 * number + 3, 0]
            draw_actions(actions, trace, number)
            strengths, weights = over_time(trace, number)
            labels = [element["symbol"] for element in memory["elements"]]
            for panel, shown, colours, label in (
                (elements, strengths, "Blues", "strength left"),
                (reads, weights, "Oranges", "weight in the read"),
            ):
                image = panel.imshow(
                    np.ma.masked_less(shown.T, 1e-3), aspect="auto", origin="lower", cmap=colours, vmin=0, vmax=1
                )
                rare = -(-len(labels) // 24)
                panel.set_yticks(range(0, len(labels), max(rare, 1)), labels[:: max(rare, 1)])
                panel.grid(visible=False)
                panel.set_ylabel(f"{memory['kind']}, by symbol")
                drawn.colorbar(image, ax=panel, label=label)
        for panel in axes[:, 0]:
            panel.set(xlim=(-0.5, len(given) - 0.5))
            panel.set_xticks(range(0, len(given), every), given[::every])
            panel.tick_params(labelsize=7)
        axes[-1, 0].set_xlabel("step, with the symbol given")
        above = axes[0, 0].secondary_xaxis("top")
        above.set_xticks(range(0, len(given), every), answered[::every])
        above.tick_params(labelsize=7, length=0)
        above.set_xlabel(f"{trace['name']}: the symbol answered")


def draw_actions(panel: Any, trace: dict[str, Any], memory: int) -> None:
    """Draw the strengths with which a memory is pushed and popped, a pair of lines for each end."""
    steps = trace["steps"]
    ends = [action["end"] for action in steps[0]["memories"][memory]["actions"]]
    for end, name in enumerate(ends):
        for part, line, colour in (("push", "o-", COLOURS[2 * end]), ("pop", "s--", COLOURS[2 * end + 1])):
            drawn = [step["memories"][memory]["actions"][end][part] for step in steps]
            label = f"{part} strength" + (f", {name}" if len(ends) > 1 else "")
            panel.plot(drawn, line, color=colour, label=label, markersize=4 if len(steps) < 200 else 1)
    panel.axvspan(trace["first_answer"] - 0.5, len(steps) - 0.5, color="0.93", label="answer")
    panel.set(ylim=(-0.05, 1.05), ylabel="strength")
    panel.legend(loc="center left")


def over_time(trace: dict[str, Any], memory: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the strength and the read weight of every element after every step."""
    found = np.zeros((2, len(trace["steps"]), len(trace["memories"][memory]["elements"])))
    for time, step in enumerate(trace["steps"]):
        found[:, time] = found[:, max(time - 1, 0)]
        for element, *now in step["memories"][memory]["changed"]:
            found[:, time, element] = now
    return found[0], found[1]

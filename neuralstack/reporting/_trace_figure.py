"""A trace as a picture: actions, elements and reads over time."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuralstack.reporting._style import COLORS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_SYMBOLS = 60  # on the time axis: longer traces show the numbers of steps
MAX_ROWS = 24  # with the symbol of an element
MAX_CELLS = 400  # steps or elements that are distinguished; beyond that, the maximum of neighbors is shown
MAX_WIDTH = 14  # inches


def plot_trace(
    trace: dict[str, Any], path: str | Path | None = None, suffixes: tuple[str, ...] = (".png", ".pdf")
) -> "Figure":
    """Draw the push and pop strengths, the strength left of each element and its weight in the read, over time.

    The symbols below are the machine's inputs at each step, those above its answers; if there is no room for them, the
    steps are numbered. A dotted line is at each step that was edited, and the answers without the edits are above those
    with them.

    Args:
        trace: A trace, as `ns.trace` returns it.
        path: The files to write, without a suffix. Defaults to None, which writes no files.
        suffixes: The formats of the files. Defaults to PNG and PDF.

    Returns:
        The figure, which a notebook shows.
    """
    rows, steps = 3 * len(trace["memories"]), len(trace["steps"])
    width = min(max(6, 0.24 * steps), MAX_WIDTH)
    with figure(path, rows, 1, (width, 2.4 * rows), suffixes) as (drawn, axes):
        for number in range(len(trace["memories"])):
            actions, elements, reads = axes[3 * number : 3 * number + 3, 0]
            draw_actions(actions, trace, number)
            strengths, weights = over_time(trace, number)
            for panel, values, colors, label in (
                (elements, strengths, "Blues", "strength left"),
                (reads, weights, "Oranges", "weight in the read"),
            ):
                drawn.colorbar(draw_elements(panel, trace, number, values, colors), ax=panel, label=label)
        for panel in axes[:, 0]:
            mark_edits(panel, trace)
            label_time(panel, [step["given"] for step in trace["steps"]])
        axes[-1, 0].set_xlabel("step, with the symbol given" if steps <= MAX_SYMBOLS else "step")
        if steps <= MAX_SYMBOLS:
            label_answers(axes[0, 0], trace)
        else:
            axes[0, 0].set_title(trace["name"], fontsize="medium")
    return drawn


def label_time(panel: Any, given: list[str]) -> None:
    """Label the steps of a panel by their input symbols if there is room, otherwise by their numbers, from 1."""
    panel.set_xlim(-0.5, len(given) - 0.5)
    panel.tick_params(axis="x", labelsize=7)
    if len(given) <= MAX_SYMBOLS:
        panel.set_xticks(range(len(given)), given)
        return
    every = round_step(len(given))
    numbers = range(every, len(given) + 1, every)
    panel.set_xticks([number - 1 for number in numbers], [str(number) for number in numbers])


def round_step(steps: int) -> int:
    """Return the distance between the numbers on an axis: 1, 2 or 5 times a power of ten."""
    choices = (times * 10**zeros for zeros in range(9) for times in (1, 2, 5))
    return next(distance for distance in choices if steps / distance <= MAX_SYMBOLS / 3)


def mark_edits(panel: Any, trace: dict[str, Any]) -> None:
    """Draw a line at each step that was edited."""
    for step in sorted({edit["step"] for edit in trace.get("edits", ())}):
        panel.axvline(step, color=COLORS[1], linestyle=":", linewidth=1.5)


def label_answers(panel: Any, trace: dict[str, Any]) -> None:
    """Write above a panel the symbol that the machine answers at each step of its answer, and without edits."""
    first, count = trace["first_answer"], len(trace["steps"])
    rows = [[step["answered"] for step in trace["steps"]]]
    if unedited := trace.get("unedited"):
        rows.insert(0, [*unedited["answered"], *[""] * count][:count])
    columns = zip(*rows, strict=True)
    above = panel.secondary_xaxis("top")
    above.set_xticks(range(count), ["\n".join(column) if time >= first else "" for time, column in enumerate(columns)])
    above.tick_params(labelsize=7, length=0)
    above.set_xlabel(f"{trace['name']}: the symbol answered" + ("; above it, without the edits" if unedited else ""))


def draw_elements(panel: Any, trace: dict[str, Any], memory: int, values: np.ndarray, colors: str) -> Any:
    """Draw the strength or the weight of each element of a memory at each step, and return the image."""
    kind, elements = trace["memories"][memory]["kind"], trace["memories"][memory]["elements"]
    steps, count = values.shape
    image = panel.imshow(
        np.ma.masked_less(coarser(values).T, 1e-3),
        aspect="auto",
        origin="lower",
        cmap=colors,
        vmin=0,
        vmax=1,
        extent=(-0.5, steps - 0.5, -0.5, max(count, 1) - 0.5),
        interpolation="nearest",
    )
    if 0 < count <= MAX_ROWS and any(element["symbol"] for element in elements):
        panel.set_yticks(range(count), [element["symbol"] for element in elements], fontsize=min(7, 120 / count))
        panel.set_ylabel(f"{kind}, by symbol")
    else:
        panel.set_ylabel(f"{kind}, by number")
    panel.grid(visible=False)
    return image


def coarser(image: np.ndarray) -> np.ndarray:
    """Return an image with no detail too fine to be seen: the maximum of every few neighbors."""
    for axis in (0, 1):
        size = max(-(-image.shape[axis] // MAX_CELLS), 1)
        image = np.maximum.reduceat(image, range(0, max(image.shape[axis], 1), size), axis=axis) if size > 1 else image
    return image


def draw_actions(panel: Any, trace: dict[str, Any], memory: int) -> None:
    """Draw the strengths with which a memory is pushed and popped, with a pair of lines for each end."""
    steps = trace["steps"]
    ends = [action["end"] for action in steps[0]["memories"][memory]["actions"]]
    for end, name in enumerate(ends):
        for gate, line, color in (("push", "o-", COLORS[2 * end]), ("pop", "s--", COLORS[2 * end + 1])):
            drawn = [step["memories"][memory]["actions"][end][gate] for step in steps]
            label = f"{gate} strength" + (f", {name}" if len(ends) > 1 else "")
            panel.plot(drawn, line, color=color, label=label, markersize=4 if len(steps) < 200 else 1)
    panel.axvspan(trace["first_answer"] - 0.5, len(steps) - 0.5, color="0.93", label="answer")
    panel.set(ylim=(-0.05, 1.05), ylabel="strength")
    panel.legend(loc="center left")


def over_time(trace: dict[str, Any], memory: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the strength and the read weight of every element after every step."""
    states = np.zeros((2, len(trace["steps"]), len(trace["memories"][memory]["elements"])))
    for time, step in enumerate(trace["steps"]):
        states[:, time] = states[:, max(time - 1, 0)]
        for element, *state in step["memories"][memory]["changed"]:
            states[:, time, element] = state
    return states[0], states[1]

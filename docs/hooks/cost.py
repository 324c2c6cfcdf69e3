"""Time and memory against length, drawn from the result file of a benchmark: a row of plots for each setting."""

from typing import TYPE_CHECKING, Any

from neuralstack.reporting import COLORS, MARKERS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BySteps = dict[str, dict[str, dict[str, float]]]
"""By number of steps and by variant, the measured `seconds` and `bytes`."""
PARTS = (("seconds", 1000, "milliseconds"), ("bytes", 1 / 2**20, "MiB"))
STYLES = ("-", "--", ":")
OVERHEAD = (
    "lstm", "lstm-unroll", "kernel", "kernel-feedback", "interval", "interval-feedback", "scan", "matrix",
)  # fmt: skip
"""The variants of that benchmark to draw; the table has all."""


def draw_overhead(result: dict[str, Any]) -> "Figure":
    """Draw the cost of a stack beside the network that operates it."""
    chosen = {
        steps: {name: variants[name] for name in OVERHEAD if name in variants}
        for steps, variants in result["measured"].items()
    }
    return draw({"": chosen})


def draw_frameworks(result: dict[str, Any]) -> "Figure":
    """Draw the cost of a network and of a layer, in JAX and in PyTorch."""
    return draw(result["measured"])


def draw(settings: dict[str, BySteps]) -> "Figure":
    """Draw the medians of every variant of each setting."""
    with figure(None, len(settings), 2, (10, 0.6 + 3.5 * len(settings))) as (drawn, axes):
        for row, (setting, by_steps) in zip(axes, settings.items(), strict=True):
            names = list(dict.fromkeys(name for variants in by_steps.values() for name in variants))
            for panel, (part, scale, label) in zip(row, PARTS, strict=True):
                for number, name in enumerate(names):
                    panel.plot(*points_of(by_steps, name, part, scale), label=name, **style_of(number))
                panel.set(xscale="log", yscale="log", xlabel="steps", ylabel=label, title=setting)
                panel.set_xticks([int(steps) for steps in by_steps], list(by_steps))
                panel.minorticks_off()
            row[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return drawn


def points_of(by_steps: BySteps, name: str, part: str, scale: float) -> tuple[list[int], list[float]]:
    """Return the numbers of steps at which a variant was measured, and the measurements."""
    points = [
        (int(steps), scale * variants[name][part])
        for steps, variants in by_steps.items()
        if variants.get(name, {}).get(part)
    ]
    return [steps for steps, _ in points], [value for _, value in points]


def style_of(number: int) -> dict[str, Any]:
    """Return the style of one of many lines; those of the same color differ in dashes and markers."""
    again = number // len(COLORS)
    return {
        "color": COLORS[number % len(COLORS)],
        "linestyle": STYLES[again % len(STYLES)],
        "marker": MARKERS[(number + again) % len(MARKERS)],
        "markersize": 4,
        "linewidth": 1.2,
    }

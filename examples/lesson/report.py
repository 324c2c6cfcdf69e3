"""The tables and the figure of a result, next to the published results."""

from pathlib import Path
from statistics import mean, median
from typing import Any

from neuralstack.reporting import COLORS, Table, figure

from .strengths import GOLDEN, LAYER_START, LEARNED, POP, POP_START, PUSH, STARTS

RIGHT = 0.9  # a seed has learned if it reverses more than this fraction of the longest strings
FIGURE_1A = {"strengths": [[0.8], [0.7, 0.5], [0.3, 0.0, 0.9]], "reads": [0.8, 1.5, 2.8]}
# The tutorial's description of its own networks: push and pop while reading, and while answering.
TUTORIAL = {
    "no cure": ("always", "half", "always", "half"),
    "the cure": ("near 1", "near 0", "near 0", "near 1"),
}
TUTORIAL_LENGTH = "19"  # reached by its network without the cure


def has_learned(run: dict[str, Any]) -> bool:
    """Whether a seed reverses nearly all strings of the curriculum's last length.

    >>> has_learned({"settings": {"goal": 10}, "right": {"10": 0.97, "20": 0.41}})
    True
    """
    return run["right"][str(run["settings"]["goal"])] > RIGHT


def tables(result: dict[str, Any]) -> list[Table]:
    """Return the tables of a result."""
    strengths, variants = result["strengths"], list(result["variants"].values())
    return [
        golden_table(strengths["golden"]),
        descent_table(strengths),
        random_table(strengths),
        seeds_table(variants),
        strengths_table(variants),
    ]


def golden_table(golden: dict[str, Any]) -> Table:
    """Return the table of the paper's example."""
    columns = ("step", "push", "pop", "value", "strengths\nleft", "\npublished", "\nread", "\npublished")
    rows = [
        (
            str(step + 1),
            *map(str, action),
            *(written(source["strengths"][step][: step + 1]) for source in (golden, FIGURE_1A)),
            *(f"{source['reads'][step]:.1f}" for source in (golden, FIGURE_1A)),
        )
        for step, action in enumerate(zip(*GOLDEN.values(), strict=True))
    ]
    return Table("Figure 1a of Grefenstette et al. (2015)", columns, rows)


def descent_table(strengths: dict[str, Any]) -> Table:
    """Return the table of the strengths learned without a network, below those that reverse."""
    names = [f"pops, {POP_START}", *(f"both, {push} {pop}" for push, pop in STARTS), f"layer, ±{LAYER_START}"]
    descents = [strengths["pops"], *strengths["both"], strengths["layer"]]
    rows = [("wanted", "0.000", written(PUSH), written(POP))] + [
        (name, f"{descent['loss']:.3f}", written(descent["push"]), written(descent["pop"]))
        for name, descent in zip(names, descents, strict=True)
    ]
    return Table("Three pushes, three pops: what descent finds", ("learned, from", "loss", "push", "pop"), rows)


def random_table(strengths: dict[str, Any]) -> Table:
    """Return the table of the layers with random initial weights."""
    losses = strengths["random_layers"]
    row = (str(len(losses)), str(sum(loss < LEARNED for loss in losses)), f"{min(losses):.3f}", f"{median(losses):.3f}")
    return Table("A layer from random weights", ("seeds", f"loss below {LEARNED}", "best loss", "median loss"), [row])


def seeds_table(variants: list[dict[str, Any]]) -> Table:
    """Return the table of the median seed of each variant and the number of seeds that learned."""
    near, far = variants[0]["runs"][0]["right"]
    rows = []
    for variant in variants:
        runs = variant["runs"]
        rows.append((
            variant["label"], "this run", f"{median(run['longest'] for run in runs):g}",
            *(f"{median(run['right'][length] for run in runs):.2f}" for length in (near, far)),
            f"{variant['learned']} of {variant['seeds']}", "-".join(f"{end:.2f}" for end in variant["interval"]),
        ))  # fmt: skip
    rows.append(("no cure", "tutorial", TUTORIAL_LENGTH, "", "", "", ""))
    columns = (
        "network", "source", "length\nreached", f"right\nat {near}", f"right\nat {far}", "seeds that\nlearned",
        "95%\ninterval",
    )  # fmt: skip
    title = f"The median network after at most {variants[0]['config']['updates']} updates"
    return Table(title, columns, rows, num_text_columns=2)


def strengths_table(variants: list[dict[str, Any]]) -> Table:
    """Return the table of mean strengths, separately for the networks that learned and those that did not."""
    rows = []
    for variant in variants:
        for learned, runs in by_outcome(variant).items():
            if runs:
                means = zip(*map(phase_means, runs), strict=True)
                name = f"{variant['label']}: {len(runs)} {'learned' if learned else 'did not'}"
                rows.append((name, "this run", *(f"{mean(values):.2f}" for values in means)))
        if variant["label"] in TUTORIAL:
            rows.append((variant["label"], "tutorial", *TUTORIAL[variant["label"]]))
    columns = ("network: seeds", "source", "input\npush", "input\npop", "answer\npush", "answer\npop")
    return Table(
        f"Mean strengths on strings of length {variants[0]['config']['goal']}", columns, rows, num_text_columns=2
    )


def by_outcome(variant: dict[str, Any]) -> dict[bool, list[dict[str, Any]]]:
    """Return the seeds that did not learn, and those that did."""
    return {learned: [run for run in variant["runs"] if has_learned(run) == learned] for learned in (False, True)}


def phase_means(run: dict[str, Any]) -> tuple[float, ...]:
    """Return the mean push and pop strengths while the string is read, and during the answer.

    >>> phase_means({"settings": {"goal": 1}, "push": [1.0, 0.5, 0.0], "pop": [0.0, 0.5, 1.0]})
    (1.0, 0.0, 0.0, 1.0)
    """
    length = run["settings"]["goal"]
    phases = slice(length), slice(-length, None)
    return tuple(mean(run[strength][phase]) for phase in phases for strength in ("push", "pop"))


def written(strengths: list[Any]) -> str:
    """Return strengths with one decimal as text, with a dash where any value will do.

    >>> written([None, 0.04, 1.0])
    '- 0.0 1.0'
    """
    return " ".join("-" if strength is None else f"{strength:.1f}" for strength in strengths)


def draw_strengths(result: dict[str, Any], path: Path | None = None) -> Any:
    """Plot the strengths of each seed over time, a column for each variant; seeds that did not learn are above."""
    variants = list(result["variants"].values())
    with figure(path, 2, len(variants), (2.4 * len(variants), 4.6)) as (drawn, axes):
        for column, variant in zip(axes.T, variants, strict=True):
            length = variant["config"]["goal"]
            for panel, (learned, runs) in zip(column, by_outcome(variant).items(), strict=True):
                draw_panel(panel, runs, length)
                outcome = "learned" if learned else "did not learn"
                panel.set(title=f"{variant['label']}: {len(runs)} {outcome}", xlabel="step" if learned else "")
        for panel in axes[:, 0]:
            panel.set_ylabel("mean strength")
        handles, labels = next(found for panel in axes.flat if any(found := panel.get_legend_handles_labels()))
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return drawn


def draw_panel(panel: Any, runs: list[dict[str, Any]], length: int) -> None:
    """Plot the strengths of some seeds and their mean; the steps of the answer are shaded."""
    steps = range(1, 2 * length + 2)
    panel.axvspan(length + 1.5, steps[-1] + 0.5, color="0.93")
    panel.set(xlim=(0.5, steps[-1] + 0.5), ylim=(-0.04, 1.04))
    for strength, color in zip(("push", "pop"), COLORS, strict=False):
        for run in runs:
            panel.plot(steps, run[strength], color=color, alpha=0.25, linewidth=0.7)
        if runs:
            means = [mean(values) for values in zip(*(run[strength] for run in runs), strict=True)]
            panel.plot(steps, means, color=color, linewidth=2, label=strength)

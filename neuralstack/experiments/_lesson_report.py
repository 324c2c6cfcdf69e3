"""What is shown of the lesson's result: tables beside what was published, and the strengths of every seed."""

from pathlib import Path
from statistics import mean, median
from typing import Any

from neuralstack.experiments._lesson_strengths import GOLDEN, LAYER_START, LEARNED, POP, POP_START, PUSH, STARTS
from neuralstack.reporting import COLORS, figure

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]

RIGHT = 0.9  # more than this share of the longest strings right: learned
FIGURE_1A = {"strengths": [[0.8], [0.7, 0.5], [0.3, 0.0, 0.9]], "reads": [0.8, 1.5, 2.8]}
# What the tutorial says of its own networks: push and pop while reading, and while answering.
TUTORIAL = {
    "no cure": ("always", "half", "always", "half"),
    "the cure": ("near 1", "near 0", "near 0", "near 1"),
}
TUTORIAL_LENGTH = "19"  # which its network without the cure reached


def has_learned(run: dict[str, Any]) -> bool:
    """Say whether a seed reverses nearly all strings of the curriculum's last length.

    Examples:
        >>> has_learned({"settings": {"goal": 10}, "right": {"10": 0.97, "20": 0.41}})
        True
    """
    return run["right"][str(run["settings"]["goal"])] > RIGHT


def table_rows(result: dict[str, Any]) -> list[Table]:
    """Return the titles, columns and rows of the experiment's tables, for the terminal and for the documentation."""
    found, arms = result["strengths"], list(result["arms"].values())
    return [
        golden_table(found["golden"]),
        descent_table(found),
        random_table(found),
        seeds_table(arms),
        use_table(arms),
    ]


def golden_table(found: dict[str, Any]) -> Table:
    """Return the table of the paper's example."""
    columns = ("step", "push", "pop", "value", "strengths\nleft", "\npublished", "\nread", "\npublished")
    rows = [
        (
            str(step + 1),
            *map(str, given),
            *(written(one["strengths"][step][: step + 1]) for one in (found, FIGURE_1A)),
            *(f"{one['reads'][step]:.1f}" for one in (found, FIGURE_1A)),
        )
        for step, given in enumerate(zip(*GOLDEN.values(), strict=True))
    ]
    return "Figure 1a of Grefenstette et al. (2015)", columns, rows


def descent_table(found: dict[str, Any]) -> Table:
    """Return the table of the strengths that were learned without a network, below those that reverse."""
    names = [f"pops, {POP_START}", *(f"both, {push} {pop}" for push, pop in STARTS), f"layer, ±{LAYER_START}"]
    descents = [found["pops"], *found["both"], found["layer"]]
    rows = [("wanted", "0.000", written(PUSH), written(POP))] + [
        (name, f"{one['loss']:.3f}", written(one["push"]), written(one["pop"]))
        for name, one in zip(names, descents, strict=True)
    ]
    return "Three pushes, three pops: what descent finds", ("learned, from", "loss", "push", "pop"), rows


def random_table(found: dict[str, Any]) -> Table:
    """Return the table of the layers that began with random weights."""
    losses = found["random_layers"]
    row = (str(len(losses)), str(sum(loss < LEARNED for loss in losses)), f"{min(losses):.3f}", f"{median(losses):.3f}")
    return "A layer from random weights", ("seeds", f"loss below {LEARNED}", "best loss", "median loss"), [row]


def seeds_table(arms: list[dict[str, Any]]) -> Table:
    """Return the table of what became of the seeds of each variant of the network."""
    near, far = arms[0]["runs"][0]["right"]
    rows = []
    for arm in arms:
        runs = arm["runs"]
        rows.append((
            arm["label"], "this run", f"{median(run['longest'] for run in runs):g}",
            *(f"{median(run['right'][length] for run in runs):.2f}" for length in (near, far)),
            f"{arm['learned']} of {arm['seeds']}", "-".join(f"{end:.2f}" for end in arm["interval"]),
        ))  # fmt: skip
    rows.append(("no cure", "tutorial", TUTORIAL_LENGTH, "", "", "", ""))
    columns = (
        "network", "source", "length\nreached", f"right\nat {near}", f"right\nat {far}", "seeds that\nlearned",
        "95%\ninterval",
    )  # fmt: skip
    return f"The median network after at most {arms[0]['config']['updates']} updates", columns, rows


def use_table(arms: list[dict[str, Any]]) -> Table:
    """Return the table of how the networks use the stack, those that learned and those that did not."""
    rows = []
    for arm in arms:
        for learned, runs in by_outcome(arm).items():
            if runs:
                strengths = zip(*map(phases, runs), strict=True)
                name = f"{arm['label']}: {len(runs)} {'learned' if learned else 'did not'}"
                rows.append((name, "this run", *(f"{mean(one):.2f}" for one in strengths)))
        if arm["label"] in TUTORIAL:
            rows.append((arm["label"], "tutorial", *TUTORIAL[arm["label"]]))
    columns = ("network: seeds", "source", "input\npush", "input\npop", "answer\npush", "answer\npop")
    return f"Mean strengths on strings of length {arms[0]['config']['goal']}", columns, rows


def by_outcome(arm: dict[str, Any]) -> dict[bool, list[dict[str, Any]]]:
    """Return the seeds that did not learn, and those that did."""
    return {learned: [run for run in arm["runs"] if has_learned(run) == learned] for learned in (False, True)}


def phases(run: dict[str, Any]) -> tuple[float, ...]:
    """Return the mean push and pop strength while the string is read, and while it is answered.

    Examples:
        >>> phases({"settings": {"goal": 1}, "push": [1.0, 0.5, 0.0], "pop": [0.0, 0.5, 1.0]})
        (1.0, 0.0, 0.0, 1.0)
    """
    length = run["settings"]["goal"]
    return tuple(mean(run[part][when]) for when in (slice(length), slice(-length, None)) for part in ("push", "pop"))


def written(strengths: list[Any]) -> str:
    """Write strengths with one decimal, and a dash where any will do.

    Examples:
        >>> written([None, 0.04, 1.0])
        '- 0.0 1.0'
    """
    return " ".join("-" if one is None else f"{one:.1f}" for one in strengths)


def draw_strengths(result: dict[str, Any], path: Path) -> None:
    """Draw the strengths of each seed by step, a column for each variant; above, the seeds that did not learn."""
    arms = list(result["arms"].values())
    with figure(path, 2, len(arms), (2.4 * len(arms), 4.6)) as (drawn, axes):
        for column, arm in zip(axes.T, arms, strict=True):
            length, steps = arm["config"]["goal"], range(1, 2 * arm["config"]["goal"] + 2)
            for panel, (learned, runs) in zip(column, by_outcome(arm).items(), strict=True):
                panel.axvspan(length + 1.5, steps[-1] + 0.5, color="0.93")
                for part, color in zip(("push", "pop"), COLORS, strict=False):
                    for run in runs:
                        panel.plot(steps, run[part], color=color, alpha=0.25, linewidth=0.7)
                    if runs:
                        means = [mean(at) for at in zip(*(run[part] for run in runs), strict=True)]
                        panel.plot(steps, means, color=color, linewidth=2, label=part)
                outcome = "learned" if learned else "did not learn"
                panel.set(title=f"{arm['label']}: {len(runs)} {outcome}", xlim=(0.5, steps[-1] + 0.5))
                panel.set(ylim=(-0.04, 1.04), xlabel="step" if learned else "")
        for panel in axes[:, 0]:
            panel.set_ylabel("mean strength")
        handles, labels = next(found for panel in axes.flat if any(found := panel.get_legend_handles_labels()))
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(labels))

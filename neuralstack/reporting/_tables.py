"""Tables of evaluations, comparisons and sweeps."""

from neuralstack.corpora import LanguageReport
from neuralstack.evaluation import Report, length_bands
from neuralstack.reporting._table import Table
from neuralstack.training import SweepResult

ACCURACIES = ("coarse", "fine", "token")


def report_table(title: str, report: Report) -> Table:
    """Return the accuracies on an evaluation set, by bands of lengths and in total."""
    rows = [
        (name, band["sequences"], *(f"{band[metric]:.3f}" for metric in ACCURACIES))
        for name, band in length_bands(report.by_length)
    ]
    count = sum(row["sequences"] for row in report.by_length.values())
    rows.append(("all", count, *accuracies_of(report)))
    return Table(title, ("length", "sequences", *ACCURACIES), rows)


def comparison_table(title: str, reports: dict[str, Report], batches: dict[str, int]) -> Table:
    """Return the accuracies of several machines on one evaluation set.

    Args:
        title: The title of the table.
        reports: The evaluation of each machine, by its name.
        batches: Number of training batches, by the machine's name, if known.
    """
    rows = [(name, batches.get(name, ""), *accuracies_of(report)) for name, report in reports.items()]
    return Table(title, ("run", "batches", *ACCURACIES), rows)


def accuracies_of(report: Report) -> list[str]:
    """Return the accuracies of a report as cells."""
    return [f"{accuracy:.3f}" for accuracy in (report.coarse, report.fine, report.token)]


def language_table(name: str, report: LanguageReport, text: str = "the held-out text") -> Table:
    """Return a table of how well a machine predicted a text, which is named in the title."""
    columns = ("run", "characters", "nats per\ncharacter", "bits per\ncharacter", "perplexity")
    row = name, report.characters, f"{report.loss:.3f}", f"{report.bits:.3f}", f"{report.perplexity:.3f}"
    return Table(f"Prediction of {text}", columns, [row])


def sweep_table(title: str, result: SweepResult) -> Table:
    """Return the outcome of each member of a sweep."""
    measured = ("loss", "bits") if is_language_sweep(result) else ACCURACIES
    rows = [
        (
            member.name,
            member.outcome.status,
            member.outcome.steps,
            member.outcome.restarts,
            f"{member.outcome.seconds:.1f}",
            *(f"{member.validation.get(metric, float('nan')):.3f}" for metric in measured),
        )
        for member in result.members
    ]
    return Table(title, ("run", "ended", "batches", "restarts", "seconds", *measured), rows, 2)


def groups_table(title: str, result: SweepResult) -> Table:
    """Return how many members of a sweep succeeded for each combination of the options that vary."""
    rows = [
        (*("" if value is None else str(value) for value in group.options.values()), f"{group.solved} of {group.of}",
         "{:.3f}-{:.3f}".format(*group.interval))
        for group in result.groups
    ]  # fmt: skip
    options = [*result.groups[0].options]
    return Table(title, (*(name.replace("_", " ") for name in options), "solved", "95% interval"), rows, len(options))


def sweep_summary(result: SweepResult) -> str:
    """Return in a sentence how many members of a sweep succeeded, and which is the best."""
    best = f"the best is {result.best.name}"
    if is_language_sweep(result):
        return best
    low, high = result.interval
    restarted = sum(member.outcome.restarts > 0 for member in result.members)
    return (
        f"{result.solved} of {len(result.members)} answer every sequence of the validation set (95% interval "
        f"{low:.3f}-{high:.3f}), {restarted} after a restart; {best}"
    )


def is_language_sweep(result: SweepResult) -> bool:
    """Return whether the members of a sweep are language models."""
    return "bits" in result.best.validation

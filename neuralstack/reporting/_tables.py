"""Reports as tables on the terminal."""

from pathlib import Path

from neuralstack.evaluation import LanguageReport, Report, length_bands
from neuralstack.reporting._table import table
from neuralstack.training import SweepResult


def print_report(title: str, report: Report) -> None:
    """Print how well a set was answered, by bands of lengths and in all."""
    rows = [
        (name, band["sequences"], *(f"{band[part]:.3f}" for part in ("coarse", "fine", "token")))
        for name, band in length_bands(report.by_length)
    ]
    count = sum(one["sequences"] for one in report.by_length.values())
    rows.append(("all", count, f"{report.coarse:.3f}", f"{report.fine:.3f}", f"{report.token:.3f}"))
    print(table(title, ("length", "sequences", "coarse", "fine", "token"), rows))


def print_comparison(title: str, reports: dict[str, Report], batches: dict[str, int]) -> None:
    """Print how well several machines answered one set, and after how many batches of training, where that is known."""
    rows = [
        (name, batches.get(name, ""), *(f"{part:.3f}" for part in (report.coarse, report.fine, report.token)))
        for name, report in reports.items()
    ]
    print(table(title, ("run", "batches", "coarse", "fine", "token"), rows))


def print_language_report(name: str, report: LanguageReport) -> None:
    """Print how well a text was predicted."""
    columns = ("run", "characters", "nats per character", "bits per character")
    row = name, report.characters, f"{report.loss:.3f}", f"{report.bits:.3f}"
    print(table("Prediction of the held-out text", columns, [row]))


def print_sweep(population: SweepResult, where: Path) -> None:
    """Print what became of each member of a population, and how many succeeded."""
    of_text = "bits" in population.best.validation
    measured = ("loss", "bits") if of_text else ("coarse", "fine", "token")
    rows = [
        (
            member.name,
            member.outcome.status,
            member.outcome.steps,
            member.outcome.restarts,
            f"{member.outcome.seconds:.1f}",
            *(f"{member.validation.get(part, float('nan')):.3f}" for part in measured),
        )
        for member in population.members
    ]
    columns = ("run", "ended", "batches", "restarts", "seconds", *measured)
    title = f"{where}: on the validation set"
    print(table(title, columns, rows, texts=2))
    if of_text:
        print(f"the best is {population.best.name}")
        return
    low, high = population.interval
    restarted = sum(member.outcome.restarts > 0 for member in population.members)
    print(
        f"{population.solved} of {len(population.members)} answer every sequence of the validation set (95% interval "
        f"{low:.3f}-{high:.3f}), {restarted} after a restart; the best is {population.best.name}",
    )

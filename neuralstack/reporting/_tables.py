"""Tables for the terminal, aligned and readable without color."""

from collections.abc import Iterable
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuralstack.evaluation import LanguageReport, Report, length_bands
from neuralstack.training import SweepResult


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], *, texts: int = 1) -> Table:
    """Return a table whose first `texts` columns are text and whose others are numbers."""
    # As wide as its title at least, and nothing is taken for markup: names of runs are the user's.
    built = Table(title=Text(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    built.min_width = min(len(title), 78)
    for number, column in enumerate(columns):
        # Names are never cut; where there is too little room, the last text gives way.
        built.add_column(column, justify="right" if number >= texts else "left", no_wrap=number < texts - 1)
    for row in rows:
        built.add_row(*(Text(str(cell)) for cell in row))
    return built


def print_report(title: str, report: Report) -> None:
    """Print how well a set was answered, by bands of lengths and in all."""
    rows = [
        (name, band["sequences"], *(f"{band[part]:.3f}" for part in ("coarse", "fine", "token")))
        for name, band in length_bands(report.by_length)
    ]
    count = sum(one["sequences"] for one in report.by_length.values())
    rows.append(("all", count, f"{report.coarse:.3f}", f"{report.fine:.3f}", f"{report.token:.3f}"))
    Console().print(table(title, ("length", "sequences", "coarse", "fine", "token"), rows))


def print_comparison(title: str, reports: dict[str, Report], batches: dict[str, int]) -> None:
    """Print how well several machines answered one set, and after how many batches of training, where that is known."""
    rows = [
        (name, batches.get(name, ""), *(f"{part:.3f}" for part in (report.coarse, report.fine, report.token)))
        for name, report in reports.items()
    ]
    Console().print(table(title, ("run", "batches", "coarse", "fine", "token"), rows))


def print_language_report(name: str, report: LanguageReport) -> None:
    """Print how well a text was predicted."""
    columns = ("run", "characters", "nats per character", "bits per character")
    row = name, report.characters, f"{report.loss:.3f}", f"{report.bits:.3f}"
    Console().print(table("Prediction of the held-out text", columns, [row]))


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
    console = Console()
    console.print(table(title, columns, rows, texts=2))
    if of_text:
        console.print(f"the best is {population.best.name}", highlight=False, soft_wrap=True)
        return
    low, high = population.interval
    restarted = sum(member.outcome.restarts > 0 for member in population.members)
    console.print(
        f"{population.solved} of {len(population.members)} answer every sequence of the validation set (95% interval "
        f"{low:.3f}-{high:.3f}), {restarted} after a restart; the best is {population.best.name}",
        highlight=False,
        soft_wrap=True,
    )

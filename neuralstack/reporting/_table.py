"""Tables as plain text, aligned and readable without color."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence

LEAST = 20  # characters that are left to a text that is wrapped


def table(
    title: str, columns: Sequence[str], rows: Iterable[Iterable[object]], *, texts: int = 1, width: int | None = None
) -> str:
    """Return a table whose first `texts` columns are text and whose others are numbers.

    Nothing is cut. Where the table is wider than `width`, which defaults to the terminal's, the last text is wrapped.

    Examples:
        >>> print(table("Two runs", ("run", "coarse"), [("demo", "1.000"), ("other", "0.52")]))
        Two runs
        <BLANKLINE>
          run    coarse
          -----  ------
          demo    1.000
          other    0.52
        <BLANKLINE>
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    last, available = texts - 1, width or shutil.get_terminal_size().columns
    if 0 <= last < len(widths):
        spare = available - sum(widths) - 2 * len(widths)
        widths[last] = min(widths[last], max(widths[last] + spare, LEAST, len(columns[last])))

    def lines(row: Sequence[str]) -> Iterable[str]:
        wrapped = textwrap.wrap(row[last], widths[last], break_on_hyphens=False) if texts else []
        for number in range(max(len(wrapped), 1)):
            shown = list(row) if number == 0 else [""] * len(row)
            if texts:
                shown[last] = wrapped[number] if wrapped else ""
            aligned = (
                cell.ljust(width) if place < texts else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(shown, widths, strict=True))
            )
            yield ("  " + "  ".join(aligned)).rstrip()

    heading = [title, ""] if title else []
    body = [line for row in (columns, ["-" * width for width in widths], *cells) for line in lines(row)]
    return "\n".join([*heading, *body, ""])

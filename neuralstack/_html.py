"""Tables as notebooks show them."""

from collections.abc import Sequence
from html import escape


def html_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "", *, most: int | None = None
) -> str:
    """Return an HTML element with a row of headings and rows of cells; numbers are shown with 4 digits.

    Args:
        columns: The headings.
        rows: The cells.
        caption: The title. Defaults to none.
        most: The number of rows to show; of more, the caption says so. Defaults to all.

    Examples:
        >>> html_table(["loss"], [[0.123456]])
        '<table><thead><tr><th>loss</th></tr></thead><tbody><tr><td>0.1235</td></tr></tbody></table>'
    """
    if most is not None and len(rows) > most:
        caption = ", ".join(filter(None, [caption, f"the first {most} of {len(rows)} rows"]))
        rows = rows[:most]
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{shown(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def shown(cell: object) -> str:
    """Return the text of a cell, escaped."""
    return f"{cell:.4g}" if isinstance(cell, float) else escape(str(cell))

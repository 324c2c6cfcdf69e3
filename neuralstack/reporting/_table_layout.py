"""Layout of plain-text tables: the widths of columns, headings of several lines, wrapped texts."""

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from unicodedata import combining, east_asian_width

GAP = "  "
LEAST_WIDTH = 16  # of a column of text that is wrapped
MARKUP = "|*_`[]<>&\\#~^$"  # characters with a meaning in Markdown


def printable(cell: object) -> str:
    r"""Return the text of a cell, with characters escaped that a terminal would interpret.

    Examples:
        >>> printable("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(cell))


def markdown_safe(cell: object) -> str:
    """Return the text of a cell, with character references for all that Markdown would interpret.

    Examples:
        >>> markdown_safe("a|b")
        'a&#124;b'
    """
    return "".join(f"&#{ord(sign)};" if sign in MARKUP else sign for sign in printable(cell))


def displayed_width(text: str) -> int:
    """Return the number of terminal cells that a text takes.

    Examples:
        >>> displayed_width("é"), displayed_width("漢字")
        (1, 4)
    """
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], num_text_columns: int, width: int | None
) -> list[str]:
    """Return the lines of a table: headings, a rule of hyphens, which every terminal has, and the rows.

    Args:
        columns: The headings; those with fewer lines are aligned at the bottom.
        rows: The cells.
        num_text_columns: Number of leading columns that are aligned left.
        width: Number of characters in a line, or None for no limit.
    """
    headings = [column.split("\n") for column in columns]
    height = max((len(lines) for lines in headings), default=0)
    headings = [[""] * (height - len(lines)) + lines for lines in headings]
    blocks = [[[cell] for cell in row] for row in rows]
    widths = column_widths([headings, *blocks])
    excess = total_width(widths) - width if width is not None else 0
    if excess > 0 and num_text_columns > 0:
        widest = max(range(min(num_text_columns, len(columns))), key=widths.__getitem__)
        room = max(widths[widest] - excess, LEAST_WIDTH)
        for row in blocks:
            row[widest] = textwrap.wrap(row[widest][0], room) or [""]
        widths = column_widths([headings, *blocks])
    lines = [line for block in [headings, *blocks] for line in block_lines(block, widths, num_text_columns)]
    return [*lines[:height], GAP.join("-" * width for width in widths), *lines[height:]]


def column_widths(blocks: Sequence[Sequence[Sequence[str]]]) -> list[int]:
    """Return the width of each column of blocks, which hold the lines of each cell of a row."""
    return [max(displayed_width(line) for lines in column for line in lines) for column in zip(*blocks, strict=True)]


def total_width(widths: Sequence[int]) -> int:
    """Return the width of a line."""
    return sum(widths) + len(GAP) * max(len(widths) - 1, 0)


def block_lines(block: Sequence[Sequence[str]], widths: Sequence[int], num_text_columns: int) -> list[str]:
    """Return the lines of one row, whose cells may have several."""
    lines = []
    for cells in zip_longest(*block, fillvalue=""):
        padded = []
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            space = " " * (width - displayed_width(cell))
            padded.append(cell + space if number < num_text_columns else space + cell)
        lines.append(GAP.join(padded).rstrip())
    return lines

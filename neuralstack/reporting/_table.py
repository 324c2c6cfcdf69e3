"""Tables as values: the same one for the terminal, for notebooks and for the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from neuralstack.reporting._table_layout import aligned, markdown_safe, printable

INDENT = "  "  # of the rows below a title
HTML_STYLE = "border-collapse: collapse; font-variant-numeric: tabular-nums"


@dataclass(frozen=True, repr=False)
class Table:
    """Titled rows under headings; the first columns hold left-aligned text, the others right-aligned numbers.

    A heading may have several lines, separated by newlines. In a notebook a table is shown as HTML.

    Attributes:
        title: The line above the table, or "" for none.
        columns: The headings.
        rows: The cells, of any type; `str` gives their text.
        num_text_columns: Number of leading columns that hold text. Defaults to 1.

    Raises:
        ValueError: If a row does not have one cell for each column.

    Examples:
        >>> from neuralstack.reporting import Table
        >>> table = Table("Seeds solved", ("machine", "seeds"), [("GRU + stack", "99/100"), ("LSTM", "0/10")])
        >>> print(table)
        Seeds solved
        <BLANKLINE>
          machine       seeds
          -----------  ------
          GRU + stack  99/100
          LSTM           0/10
        >>> print(table.markdown())
        ### Seeds solved
        <BLANKLINE>
        | machine | seeds |
        | :-- | --: |
        | GRU + stack | 99/100 |
        | LSTM | 0/10 |
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    num_text_columns: int = 1

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"every row of a table needs one cell for each of the {len(self.columns)} columns "
                    f"{tuple(self.columns)}, got a row of {len(row)}: {tuple(row)}."
                )

    def __repr__(self) -> str:
        return f"Table({self.title!r}, {len(self.rows)} rows, {len(self.columns)} columns)"

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """Return the table as aligned lines, readable without color.

        Args:
            width: Maximum number of characters in a line, to which the widest column of text is wrapped. Numbers are
                never wrapped, and nothing is cut off. Defaults to no limit.
        """
        cells = [[printable(cell) for cell in row] for row in self.rows]
        if not self.title:
            return "\n".join(aligned(self.columns, cells, self.num_text_columns, width))
        lines = aligned(self.columns, cells, self.num_text_columns, width and width - len(INDENT))
        return "\n".join([printable(self.title), "", *(INDENT + line for line in lines)])

    def markdown(self) -> str:
        """Return the table in Markdown, under its title as a third-level heading."""
        alignment = [":--" if number < self.num_text_columns else "--:" for number in range(len(self.columns))]
        headings = [column.replace("\n", " ").strip() for column in self.columns]
        cells = [[markdown_safe(cell) for cell in row] for row in self.rows]
        lines = ["| " + " | ".join(row) + " |" for row in (headings, alignment, *cells)]
        return "\n".join([f"### {self.title}", "", *lines] if self.title else lines)

    def html(self) -> str:
        """Return the table as an HTML element."""
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        head = self._html_row("th", [column.replace("\n", " ").strip() for column in self.columns])
        body = "".join(self._html_row("td", row) for row in self.rows)
        return f'<table style="{HTML_STYLE}">{caption}<thead>{head}</thead><tbody>{body}</tbody></table>'

    def _html_row(self, tag: str, cells: Sequence[object]) -> str:
        sides = ["left" if number < self.num_text_columns else "right" for number in range(len(cells))]
        elements = [
            f'<{tag} style="text-align: {side}">{escape(printable(cell))}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        ]
        return f"<tr>{''.join(elements)}</tr>"

    def _repr_html_(self) -> str:
        return self.html()

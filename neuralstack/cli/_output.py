"""Output of the commands on the terminal."""

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuralstack.reporting import Table


def terminal_width() -> int:
    """Return the number of characters in a line of the terminal, or 80 if there is none."""
    return shutil.get_terminal_size().columns


def print_table(table: "Table") -> None:
    """Print a table at the terminal's width, followed by an empty line."""
    print(table.text(terminal_width()), end="\n\n")

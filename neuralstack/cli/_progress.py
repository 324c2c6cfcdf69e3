"""The progress of a command that can take long: a bar on a terminal; elsewhere, a line at regular intervals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neuralstack._heartbeat import heartbeat

Advance = Callable[[int, int], None]
"""A function that takes the amount of work done, and the total amount."""


@contextmanager
def show_progress(work: str) -> Iterator[Advance]:
    """Show on standard error how much of some work is done; nothing else may be printed meanwhile.

    Args:
        work: The work in words.
    """
    from rich.console import Console
    from rich.progress import Progress

    console, done = Console(stderr=True), ""

    def advance(count: int, total: int) -> None:
        nonlocal done
        done = f": {count} of {total}"

    if console.is_terminal:
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(work, total=None)
            yield lambda count, total: progress.update(bar, completed=count, total=total)
    else:
        with heartbeat(lambda seconds: f"neuralstack: {work}{done} ({seconds:.0f} s)"):
            yield advance

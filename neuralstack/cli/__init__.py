"""The command line. Heavy packages are imported only when needed, so that help and errors appear at once."""

import os
import shutil
import signal
import sys
from contextlib import suppress
from typing import Any

from neuralstack.cli._process import ended, flush_output, is_joined, no_interrupt_lost
from neuralstack.cli._status import INTERRUPTED

LEAST_WIDTH = 40  # columns of a terminal; with fewer, laying out the help takes forever


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status.

    The status is 0, 1 for a wrong answer or failed training, 2 for bad input, 130 after Ctrl-C, 141 if the output is
    closed before its end.

    Args:
        arguments: The arguments. Defaults to those of the process.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    with no_interrupt_lost():
        status = ended(lambda: run(typed))
    if arguments is None:
        with suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to interrupt
        # A computation may continue in other threads and crash during teardown, or wait there for other processes.
        if status in INTERRUPTED or is_joined():
            flush_output()
            os._exit(status)
    sys.exit(status)


def parse(arguments: list[str]) -> Any:
    """Return the command that the arguments name, with its options filled in: an object that runs when it is called.

    Raises:
        ModuleNotFoundError: If the packages of the command line are not installed.
        ValueError: If the arguments are wrong.

    Examples:
        >>> parse(["train", "reversal", "--hidden-dim", "32"]).config().machine.hidden_dim
        32
    """
    from neuralstack._extras import extra

    with extra("cli"):
        from neuralstack.cli._commands import parse
    return parse(arguments)


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name, and return its status.

    Raises:
        ModuleNotFoundError: If the packages of the command line are not installed.
        ValueError: If the arguments are wrong.
    """
    if arguments in (["--version"], ["-V"]):
        from neuralstack import __version__

        print(f"neuralstack {__version__}")
        return 0
    if shutil.get_terminal_size().columns < LEAST_WIDTH:
        os.environ["COLUMNS"] = str(LEAST_WIDTH)
    from neuralstack._extras import extra

    with extra("cli"):
        from neuralstack.cli._commands import run
    return run(arguments)

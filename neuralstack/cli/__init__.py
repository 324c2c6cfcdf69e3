"""The command line. Nothing heavy is imported before it is needed, so that help and errors come at once."""

import re
import sys
from contextlib import redirect_stderr
from dataclasses import Field, fields
from functools import reduce
from io import StringIO
from itertools import groupby
from operator import or_

import tyro

from neuralstack._lookup import lookup, nearest
from neuralstack.cli._compare import Compare
from neuralstack.cli._evaluate import Evaluate
from neuralstack.cli._harden import Harden
from neuralstack.cli._list import List
from neuralstack.cli._predict import Predict
from neuralstack.cli._reproduce import Reproduce
from neuralstack.cli._sample import Sample
from neuralstack.cli._status import BAD_INPUT, INTERRUPTED
from neuralstack.cli._trace import Trace
from neuralstack.cli._train import Train
from neuralstack.cli._view import View
from neuralstack.training._config import Config

COMMANDS = {
    "train": Train,
    "evaluate": Evaluate,
    "compare": Compare,
    "predict": Predict,
    "harden": Harden,
    "trace": Trace,
    "view": View,
    "sample": Sample,
    "list": List,
    "reproduce": Reproduce,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status: 0, 1 for a wrong answer or a failed training, 2 for bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(run(arguments))
    except ValueError as error:
        print(f"neuralstack: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OSError as error:
        print(f"neuralstack: cannot use {error.filename!r}: {error.strerror}; name another path", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        print("neuralstack: interrupted; to continue, repeat the command, a train with --resume", file=sys.stderr)
        sys.exit(INTERRUPTED)


def run(arguments: list[str]) -> int:
    """Parse the arguments and run the command they name.

    Raises:
        ValueError: If they are wrong, in one line.
    """
    if arguments and not arguments[0].startswith("-"):
        lookup("command", COMMANDS, arguments[0])
    command = parse(arguments)
    from neuralstack._runtime import use_compilation_cache

    use_compilation_cache()
    return command()


def parse(arguments: list[str]):
    """Return the command that the arguments name, its options filled in.

    Raises:
        ValueError: If the arguments are wrong; the parser's box is made into one line.
    """
    said = StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(reduce(or_, COMMANDS.values()), prog="neuralstack", args=arguments)
    except SystemExit as stop:
        if stop.code:
            raise ValueError(one_line(said.getvalue(), arguments)) from None
        raise


def one_line(box: str, arguments: list[str]) -> str:
    r"""Turn the box that the parser draws around an error into one line, with the nearest option if one is unknown.

    Examples:
        >>> one_line("╭─ Oops ───╮\n│ bad    │\n│ value  │\n│ ───── │\n│ For full helptext, run x │\n╰──╯", ["train"])
        'bad value; see neuralstack train --help'
    """
    command = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    see = f"see neuralstack {command} --help".replace("  ", " ")
    # Lines between rules. A terminal without box characters has the title as a group of its own.
    lines = [line.strip("│ ") for line in box.strip().splitlines()]
    groups = [list(group) for rule, group in groupby(lines, key=is_rule) if not rule]
    message = " ".join(" ".join(groups[0 if box.lstrip().startswith("╭") else 1]).split())
    unknown = re.search(r"[Uu]nrecognized (?:or misplaced )?options?: (--[\w-]+)", message)
    if unknown and command:
        options = {option for field in fields(COMMANDS[command]) for option in options_of(field)}
        return f"unknown option {unknown[1]!r}: {nearest(unknown[1], options)}{see}"
    return f"{message.rstrip('.')}; {see}"


def is_rule(line: str) -> bool:
    """Say whether a line only draws."""
    return line.startswith(("╭", "╰")) or (line != "" and not line.strip("─-"))


def options_of(option: Field) -> list[str]:
    """Return how a field is spelled on the command line: a configuration's fields stand for themselves."""
    names = [inner.name for inner in fields(Config)] if option.name == "config" else [option.name]
    return ["--" + name.replace("_", "-") for name in names]

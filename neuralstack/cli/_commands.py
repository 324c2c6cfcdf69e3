"""The commands, and the parsing of arguments into one of them."""

from contextlib import redirect_stderr
from dataclasses import Field, fields
from functools import reduce
from io import StringIO
from operator import or_

import tyro

from neuralstack._heartbeat import seconds_between_lines
from neuralstack._lookup import UnnamedPartError, lookup
from neuralstack.cli._benchmark import Benchmark
from neuralstack.cli._compare import Compare
from neuralstack.cli._evaluate import Evaluate
from neuralstack.cli._export import Export
from neuralstack.cli._export_metrics import ExportMetrics
from neuralstack.cli._harden import Harden
from neuralstack.cli._list import List
from neuralstack.cli._messages import one_line
from neuralstack.cli._option_names import name_options
from neuralstack.cli._playground import Playground
from neuralstack.cli._predict import Predict
from neuralstack.cli._reproduce import Reproduce
from neuralstack.cli._sample import Sample
from neuralstack.cli._sweep import Sweep
from neuralstack.cli._trace import Trace
from neuralstack.cli._train import OTHER_NAMES, Train
from neuralstack.cli._view import View

COMMANDS = {
    "train": Train,
    "sweep": Sweep,
    "evaluate": Evaluate,
    "compare": Compare,
    "predict": Predict,
    "harden": Harden,
    "export": Export,
    "playground": Playground,
    "trace": Trace,
    "view": View,
    "sample": Sample,
    "export-metrics": ExportMetrics,
    "list": List,
    "reproduce": Reproduce,
    "benchmark": Benchmark,
}


def run(arguments: list[str]) -> int:
    """Parse the arguments and run the command they name.

    Raises:
        ValueError: If the arguments are wrong; the message is one line.
    """
    if arguments and not arguments[0].startswith("-"):
        lookup("command", COMMANDS, arguments[0])
    command = parse(arguments)
    seconds_between_lines()  # refused before anything is done
    from neuralstack._runtime import keep_memory, silence_xla, use_compilation_cache

    keep_memory()
    if isinstance(command, Train) and command.distributed:
        silence_xla()
    use_compilation_cache()
    try:
        return command()
    except UnnamedPartError:
        raise
    except ValueError as error:
        raise ValueError(name_options(str(error), names_of_options(type(command)))) from error


def parse(arguments: list[str]):
    """Return the command that the arguments name, with its options filled in.

    Raises:
        ValueError: If the arguments are wrong; the parser's box is reduced to one line.
    """
    box = StringIO()
    try:
        with redirect_stderr(box):
            return tyro.cli(reduce(or_, COMMANDS.values()), prog="neuralstack", args=arguments)
    except SystemExit as stop:
        if stop.code:
            command = arguments[0] if arguments and arguments[0] in COMMANDS else ""
            options = {option_of(field) for field in fields(COMMANDS[command])} if command else ()
            raise ValueError(one_line(box.getvalue(), command, arguments[1:], options)) from None
        raise


def option_of(field: Field) -> str:
    """Return the option of a field on the command line."""
    return "--" + ("from" if field.name == "warm_start" else field.name).replace("_", "-")


def names_of_options(command: type) -> dict[str, str]:
    """Return the options of a command by their names in the library."""
    return {field.name: option_of(field) for field in fields(command)} | (
        OTHER_NAMES if command in (Train, Sweep) else {}
    )

"""The blocks of a page that are run in order, as a reader would: files, console commands and Python prompts.

On a page with commands or files, everything runs in one empty directory. Before a block, a comment may say more:

    <!-- slow: REASON -->             the block is run by the slow tests only
    <!-- setup: COMMAND -->           a command that readers need not see is run first
    <!-- slow setup: COMMAND -->      the same, in the slow tests only

A block with a title is a file: ```python title="tasks.py" is written to tasks.py. What varies from computer to computer
is shown as `...`; a command without output below it must only succeed.
"""

import re
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from typing import NamedTuple

BLOCK = re.compile(
    r"<!-- (?P<remark>slow|setup|slow setup): (?P<text>.*?) -->|^```(?P<kind>\w+)(?P<info>[^\n]*)\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
DECIMAL = re.compile(r"\d+\.(\d*)")
FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE


class Checker(OutputChecker):
    """Compares shown and printed output, decimal numbers to the shown digits."""

    def check_output(self, want, got, optionflags):
        shown, printed = list(DECIMAL.finditer(want)), list(DECIMAL.finditer(got))
        if len(shown) == len(printed):
            for near, number in reversed([*zip(shown, printed, strict=True)]):
                if abs(float(near[0]) - float(number[0])) <= 0.5001 * 10 ** -len(near[1]):
                    got = got[: number.start()] + near[0] + got[number.end() :]
        return super().check_output(want, got, optionflags)


class File(NamedTuple):
    """A file that readers are told to write."""

    name: str
    text: str
    slow: bool = False


class Command(NamedTuple):
    """A command line, and what is shown below it."""

    typed: str
    shown: str
    slow: bool = False
    is_setup: bool = False


class Prompt(NamedTuple):
    """Lines typed at a prompt of Python, and what is shown below them."""

    text: str
    slow: bool = False


def steps_of(page):
    """Return the files, commands and prompts of a page, in order."""
    steps, slow = [], False
    for block in BLOCK.finditer(page):
        if block["remark"] == "slow":
            slow = True
        elif block["remark"]:
            slow_setup = block["remark"] == "slow setup"
            steps.append(Command(" ".join(block["text"].split()), "", slow_setup, is_setup=True))
        else:
            title = re.search(r'title="([^"]+)"', block["info"])
            if title:
                steps.append(File(title[1], block["body"], slow))
            elif block["kind"] == "console":
                steps += commands_of(block["body"], slow)
            elif block["kind"] == "pycon":
                steps.append(Prompt(block["body"], slow))
            slow = False
    return steps


def commands_of(block, slow=False):
    """Return the commands of a block, each after a dollar sign; a line may continue after a backslash."""
    assert block.startswith("$ "), f"a console block begins with a command, after a dollar sign:\n{block}"
    commands = []
    for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, _, shown = command.replace("\\\n", " ").partition("\n")
        commands.append(Command(typed, shown, slow))
    return commands


def is_session(steps):
    """Return whether a page is run as one session here, including its prompts, and not by the doctests of pytest."""
    return any(not isinstance(step, Prompt) for step in steps)


def is_as_shown(shown, printed):
    """Return whether a command printed what is shown."""
    return not shown.strip() or Checker().check_output(shown, printed, FLAGS)

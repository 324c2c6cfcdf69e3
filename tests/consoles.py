"""The console blocks of a page: what is typed there and what is shown below it.

On a page, commands run in order in one empty directory. Before a block, a comment may say more:

    <!-- not run: REASON -->     the block is left alone
    <!-- setup: COMMAND -->      a command that readers need not see is run first

A block of another kind with a title is a file: ```python title="tasks.py" is written to tasks.py. What varies from
computer to computer is shown as `...`; a command without output below it must only succeed.
"""

import re
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from typing import NamedTuple

PART = re.compile(
    r"<!-- (?P<remark>not run|setup): (?P<text>.*?) -->|^```(?P<kind>\w+)(?P<info>[^\n]*)\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


class File(NamedTuple):
    """A file that readers are told to write."""

    name: str
    text: str


class Command(NamedTuple):
    """A command line, and what is shown below it."""

    typed: str
    shown: str


def steps_of(page):
    """Return the files and commands of a page, in order; blocks that are not run are left out."""
    steps, skip = [], False
    for part in PART.finditer(page):
        if part["remark"] == "not run":
            skip = True
        elif part["remark"] == "setup":
            steps.append(Command(" ".join(part["text"].split()), ""))
        else:
            title = re.search(r'title="([^"]+)"', part["info"])
            if not skip and part["kind"] == "console":
                steps += commands_of(part["body"])
            elif not skip and title:
                steps.append(File(title[1], part["body"]))
            skip = False
    return steps


def commands_of(block):
    """Return the commands of a block, each after a dollar sign; a line may go on after a backslash."""
    assert block.startswith("$ "), f"a console block begins with a command, after a dollar sign:\n{block}"
    commands = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, _, shown = part.replace("\\\n", " ").partition("\n")
        commands.append(Command(typed, shown))
    return commands


def is_as_shown(shown, printed):
    """Return whether a command printed what is shown."""
    return not shown.strip() or OutputChecker().check_output(shown, printed, ELLIPSIS | NORMALIZE_WHITESPACE)

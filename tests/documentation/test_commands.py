"""Commands that pages show without their output exist, with the options shown."""

import re
import shlex
from pathlib import Path

import pytest

from neuralstack.cli import parse

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands_of(page):
    for block in BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["neuralstack"] and words[1:2] != ["COMMAND"]:
                yield words[1:]


COMMANDS = {shlex.join(command): command for page in PAGES for command in commands_of(page)}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_of_a_page_can_be_typed(command):
    assert callable(parse(command))

"""The names of values in the help of the commands."""

import re

import pytest

from small import COMMANDS

pytest_plugins = ("small_runs",)


NOTATION = r"\{None\}|\b(STR|INT|FLOAT|BOOL)\b|\[\[|\(default: (None)?\)"  # of the parser


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_no_help_shows_the_notation_of_the_parser(call, command):
    status, out, err = call(*filter(None, [command]), "--help")
    assert (status, err) == (0, "")
    assert re.findall(rf".*(?:{NOTATION}).*", out) == []


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("train", "TASK"),
        ("evaluate", "RUN"),
        ("compare", "RUN [RUN ...]"),
        ("predict", "RUN TEXT"),
        ("trace", "RUN TEXT [TEXT ...]"),
        ("reproduce", "NAME"),
    ],
)
def test_the_usage_names_what_a_command_is_given(call, command, usage):
    line = call(command, "--help")[1].splitlines()[0]
    assert re.sub(r"\[-h\]|\[[^]]* OPTIONS\]|\[--.*\]", "", line).split() == [
        "usage:",
        "neuralstack",
        command,
        *usage.split(),
    ]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("train", "--out PATH"),
        ("train", "--resume RUN"),
        ("train", "--from RUN"),
        ("train", "--warmup-lengths N [N ...]"),
        ("train", "--learning-rates X [X ...]"),
        ("evaluate", "--lengths N N"),
        ("evaluate", "--data PATH"),
        ("trace", "--versions {untrained,soft,hard} [{untrained,soft,hard} ...]"),
        ("view", "--beside RUN [RUN ...]"),
        ("sample", "--temperature X"),
    ],
)
def test_the_help_names_the_values_of_an_option(call, command, option):
    assert f" {option} " in " ".join(call(command, "--help")[1].replace("│", " ").split())

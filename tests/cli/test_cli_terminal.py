"""What the command line has to do with the terminal and the disk of whoever types, apart from any command."""

import os
import subprocess
import sys

import pytest

from neuralstack.cli import one_line
from small import command

CACHE_VARIABLES = {"XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR"}


def test_the_users_own_directory_for_compiled_programs_is_used_if_there_is_no_other(tmp_path):
    code = """import jax, os, neuralstack._runtime as cache
for variables in ({}, {"XDG_CACHE_HOME": os.environ["HOME"] + "/cache"}):
    os.environ |= variables
    cache.use_compilation_cache()
    print(jax.config.jax_compilation_cache_dir)"""
    default, other, own = (str(tmp_path / place / "neuralstack" / "jax") for place in (".cache", "cache", "own"))
    for variables, wanted in (({}, [default, other]), ({"JAX_COMPILATION_CACHE_DIR": own}, [own, own])):
        kept = {name: value for name, value in os.environ.items() if name not in CACHE_VARIABLES}
        environment = {**kept, "HOME": str(tmp_path), **variables}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout.splitlines() == wanted


BOXES = {
    "round corners": "╭─ Oops ─╮\n│ bad    │\n│ value. │\n│ ────── │\n│ For full help, run x │\n╰────────╯",
    "a terminal without lines": " Oops   \n ------ \n  bad   \n  value. \n  ------\n  For full help, run x \n",
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_the_box_around_an_error_becomes_one_line(box):
    assert one_line(box, ["train"]) == "bad value; see neuralstack train --help"
    assert one_line(box, ["--x"]) == "bad value; see neuralstack --help"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_an_error_is_told_whatever_the_terminal_can_show(encoding):
    done = subprocess.run(
        command("train", "reversal", "--hiden", "3"),
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    error = "unknown option '--hiden': did you mean '--hidden'? see neuralstack train --help"
    assert done.stderr == f"neuralstack: {error}\n"

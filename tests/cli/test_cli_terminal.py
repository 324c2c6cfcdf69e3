"""The command line and the user's terminal and disk, whatever the command."""

import os
import subprocess
import sys
import time

import pytest

import neuralstack
from cases import quick
from small import command

pytest_plugins = ("small_runs",)

CACHE_VARIABLES = {"XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR"}


@pytest.mark.slow
def test_the_users_own_directory_for_compiled_programs_is_used_if_there_is_no_other(tmp_path):
    code = """import jax, os
from contextlib import redirect_stdout, suppress
from neuralstack.cli import main
for variables in ({}, {"XDG_CACHE_HOME": os.environ["HOME"] + "/cache"}):
    os.environ |= variables
    with redirect_stdout(None), suppress(SystemExit):
        main(["list"])
    print(jax.config.jax_compilation_cache_dir)"""
    default, other, own = (str(tmp_path / place / "neuralstack" / "jax") for place in (".cache", "cache", "own"))
    for variables, wanted in (({}, [default, other]), ({"JAX_COMPILATION_CACHE_DIR": own}, [own, own])):
        kept = {name: value for name, value in os.environ.items() if name not in CACHE_VARIABLES}
        environment = {**kept, "HOME": str(tmp_path), **variables}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout.splitlines() == wanted


UNKNOWN = "neuralstack: unknown option '--hiden': did you mean '--hidden-dim'? see neuralstack train --help\n"


@pytest.mark.parametrize(("encoding", "columns"), [("utf-8", "80"), ("ascii", "40")])
def test_an_error_is_told_whatever_the_terminal_can_show(encoding, columns):
    done = subprocess.run(
        command("train", "reversal", "--hiden", "3"),
        env={**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": columns},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, UNKNOWN)


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_an_error_is_one_line_however_wide_the_terminal_is(call, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert call("train", "reversal", "--hiden", "3") == (2, "", UNKNOWN)


def run(*arguments, shell=None, **environment):
    """Run the command in a separate process, or a shell line in which it is `neuralstack`."""
    env = {**os.environ, **environment}
    if shell is None:
        return subprocess.run(command(*arguments), env=env, capture_output=True, text=True)
    script = f'neuralstack() {{ "{sys.executable}" -P -m neuralstack "$@"; }}; {shell}'
    return subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True)


def test_output_that_is_closed_before_its_end_is_no_error():
    done = run(shell="neuralstack --help | head -c 1; echo; echo ${PIPESTATUS[0]}")
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("0", "141")  # 0 if all was written before it was closed


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
@pytest.mark.parametrize("typed", ["--help", "--version"])
def test_a_full_disk_behind_standard_output_is_one_line(typed):
    done = run(shell=f"neuralstack {typed} > /dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "neuralstack: cannot write the output: No space left on device\n"


def test_the_version_is_printed():
    assert run("--version").stdout == f"neuralstack {neuralstack.__version__}\n"


def test_without_a_place_for_compiled_programs_a_command_goes_on():
    kept = {name: value for name, value in os.environ.items() if name not in CACHE_VARIABLES}
    done = subprocess.run(command("list"), env=kept | {"HOME": "/dev/null/home"}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_device_that_jax_cannot_use_is_one_line(new_run):
    done = run("evaluate", new_run.path, "--count", "1", JAX_PLATFORMS="cuda")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("neuralstack: JAX finds no device for JAX_PLATFORMS=cuda: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_without_docstrings_the_list_is_printed_all_the_same():
    done = subprocess.run([sys.executable, "-P", "-OO", "-m", "neuralstack", "list"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "reversal" in done.stdout


@pytest.mark.parametrize("line", quick(["--help", "list", "train reversal --hiden 3"], "--help"))
def test_a_terminal_of_one_column_gets_what_it_can_show(line):
    done = run(*line.split(), COLUMNS="1")
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if "--hiden" in line else 0)


def test_without_the_packages_of_the_command_line_the_extra_is_named():
    code = "import sys; sys.modules['tyro'] = None; from neuralstack.cli import main; main(['list'])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "neuralstack: tyro is not installed: run pip install 'neuralstack[cli]'\n"


# Is interrupted in a callback of the garbage collector, as in one of JAX's own: there, Python loses it.
LOST = """
import gc, io, signal, sys, time
from neuralstack.cli import main

def callback(phase, info):
    if phase == "start":
        gc.callbacks.remove(callback)
        signal.raise_signal(signal.SIGINT)

class Output(io.StringIO):
    def write(self, text):
        gc.callbacks.append(callback)
        gc.collect()
        time.sleep(10)

sys.stdout = Output()
main(["--version"])
"""


def test_ctrl_c_in_a_callback_of_the_garbage_collector_is_not_lost():
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-P", "-c", LOST], capture_output=True, text=True)
    assert time.monotonic() - start < 8
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("neuralstack: interrupted")
    assert done.stderr.count("\n") == 1


# Is interrupted while it computes in other threads: cleanup at exit may crash the process.
AT_ITS_END = """
import atexit, io, os, signal, sys
from neuralstack.cli import main

class Output(io.TextIOWrapper):
    def write(self, text):
        super().write(text)
        os.kill(os.getpid(), signal.SIGINT)

sys.stdout = Output(sys.stdout.detach())
sys.argv = ["neuralstack", "--version"]
atexit.register(print, "torn down")
main()
"""


def test_an_interrupted_process_ends_at_once_with_all_that_it_printed():
    done = subprocess.run([sys.executable, "-P", "-c", AT_ITS_END], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, f"neuralstack {neuralstack.__version__}")
    assert done.stderr.startswith("neuralstack: interrupted")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_while_a_module_is_imported_is_one_line(tmp_path, name, status):
    (tmp_path / "interrupted.py").write_text(
        f"import signal\ntry:\n    signal.raise_signal(signal.{name})\n    import time\n    time.sleep(9)\n"
        "except KeyboardInterrupt:\n    raise ImportError('an extension could not be loaded')\n"
    )
    code = (
        "import io, sys; from neuralstack.cli import main\n"
        "class Output(io.StringIO):\n    def write(self, text):\n        import interrupted\n"
        "sys.stdout = Output()\n"
        "main(['--version'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("neuralstack: interrupted")
    assert done.stderr.count("\n") == 1

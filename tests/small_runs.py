"""Runs of the small configuration that many tests share; a test module requests them with `pytest_plugins`."""

import os
import shutil
import signal
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pytest

from neuralstack import load, train
from neuralstack.cli import main
from neuralstack.training import begin, complete, resume, with_options
from small import EXACT, LEARNING, SMALL, compiled_as_users_do, untrained_run


@pytest.fixture
def call(capsys):
    """Run the command line in this process; return its status and what it printed."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments)])
        return stop.value.code, *capsys.readouterr()

    return call


class PressesCtrlC(StringIO):
    """An output that is interrupted, as by the user, when something is first written to it."""

    def write(self, text):
        is_first = self.getvalue() == ""
        super().write(text)
        if is_first:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def call_until_output(call):
    """Run the command line as `call` does, and press Ctrl-C at its first output."""

    def call_until_output(*arguments):
        with redirect_stdout(PressesCtrlC()) as out:
            status, _, error = call(*arguments)
        return status, out.getvalue(), error

    return call_until_output


@pytest.fixture
def press_at():
    """Returns what presses Ctrl-C when training has come to one of the given steps, as often as said."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press_at(*steps, times=1):
        def press(record):
            for _ in range(times if record["step"] in steps else 0):
                signal.raise_signal(signal.SIGINT)

        return press

    yield press_at
    signal.signal(signal.SIGINT, before)


def shared(tmp_path_factory):
    """Return the directory that all processes of these tests share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def learned(tmp_path_factory):
    """A run trained until its validation was perfect, by the process that needs it first."""
    path = shared(tmp_path_factory) / "learned"
    if not path.exists():
        own = tmp_path_factory.mktemp("learning") / "run"
        assert train(with_options(SMALL, **LEARNING), own, show=False).status == "perfect"
        with suppress(OSError):  # another process was faster
            own.rename(path)
    return path


@pytest.fixture(scope="session")
def hardened(learned, tmp_path_factory):
    """A copy of that run, trained further, after `neuralstack harden`, with what it printed in `said.txt`."""
    path = shared(tmp_path_factory) / "hardened"
    if not path.exists():
        own = Path(shutil.copytree(learned, tmp_path_factory.mktemp("hardening") / "run"))
        resume(own, **EXACT, show=False)
        with compiled_as_users_do(), redirect_stdout(StringIO()) as said, pytest.raises(SystemExit) as stop:
            main(["harden", str(own), "--count", "40", "--sequences", "40", "--longest", "60"])
        assert stop.value.code == 0
        (own / "said.txt").write_text(said.getvalue())
        with suppress(OSError):  # another process was faster
            own.rename(path)
    return path


@pytest.fixture(scope="session")
def learned_machine(learned):
    return load(learned)


@pytest.fixture(scope="session")
def new_state():
    """The state at the start of training."""
    return begin(complete(SMALL))


@pytest.fixture(scope="session")
def new_run(tmp_path_factory):
    """A run that was not trained at all. Tests that change it work on a copy."""
    return untrained_run(tmp_path_factory.mktemp("new") / "run", SMALL)

"""Work that does not fit in the computer's memory is refused before it begins."""

import shutil

import pytest

from small import contents

pytest_plugins = ("small_runs",)

TOO_LARGE = {
    "long strings to harden with": (
        ("harden", "--longest", 1000000, "--sequences", 1000000),
        "--sequences 1000000 of up to --longest 1000000 symbols need about 37253 GiB of memory, but the computer has",
    ),
    "strings that no number counts": (("harden", "--longest", 10**20), "--longest must be at least 1 and at most 10"),
    "fresh sequences without end": (("harden", "--count", 10**12), "--count must be at least 1 and at most 1000000"),
    "a large set": (
        ("evaluate", "--count", 1000000, "--lengths", 1, 1000000),
        "--count 1000000 sequences of up to 1000000 symbols need about 37253 GiB of memory, but the computer has",
    ),
    "a large set to compare": (("compare", "--count", 1000000, "--lengths", 1, 1000000), "GiB of memory, but the"),
}


@pytest.mark.parametrize(("typed", "message"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_more_than_the_computer_has_room_for_is_refused_in_one_line(call, new_run, tmp_path, typed, message):
    run = shutil.copytree(new_run.path, tmp_path / "run")
    before = contents(run)
    status, out, err = call(typed[0], run, *typed[1:])
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert contents(run) == before

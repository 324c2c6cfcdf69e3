"""Names of a user's own objects: in a file, in a module, or provided by an installed package."""

import re

import pytest

from neuralstack import GRU
from neuralstack.training import controller_from_name as find

SOURCE = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Last:\n    size: 'int' = 3\n"


def test_a_name_of_the_table_comes_first():
    assert find("gru") is GRU


def test_an_object_of_a_file_is_found_and_stays_the_same_object(tmp_path):
    (tmp_path / "own.py").write_text(SOURCE)
    last = find(f"{tmp_path}/own.py:Last")
    assert last().size == 3
    assert find(f"{tmp_path}/own.py:Last") is last


def test_an_edited_file_is_executed_again(tmp_path):
    for number in (1, 2):
        (tmp_path / "own.py").write_text(f"def last(): return {number}")
        assert find(f"{tmp_path}/own.py:last")() == number


def test_a_file_imports_the_modules_beside_it_also_from_inside_its_functions(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")  # restores the path afterwards
    (tmp_path / "size_beside.py").write_text("def size(): return 3")
    (tmp_path / "own.py").write_text(
        "from size_beside import size\ndef last():\n    import answer_beside as a\n    return a.a\n"
    )
    (tmp_path / "answer_beside.py").write_text("a = 4")
    assert find(f"{tmp_path}/own.py:size")() == 3
    assert find(f"{tmp_path}/own.py:last")() == 4


def test_a_module_of_the_current_folder_is_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "module_of_this_folder.py").write_text("def last(): return 5")
    assert find("module_of_this_folder:last")() == 5


def test_a_file_whose_execution_was_interrupted_is_executed_again(tmp_path):
    flag = tmp_path / "flag.txt"
    flag.touch()
    source = f"import os\nif os.path.exists({str(flag)!r}): raise KeyboardInterrupt\ndef last(): return 6\n"
    (tmp_path / "own.py").write_text(source)
    with pytest.raises(KeyboardInterrupt):
        find(f"{tmp_path}/own.py:last")
    flag.unlink()
    assert find(f"{tmp_path}/own.py:last")() == 6


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.py:last", "there is no file .*gone.py"),
        ("own.py:lost", "has no 'lost': did you mean 'last'"),
        ("own.py:", "written FILE.py:NAME"),
        ("raises.py:last", "cannot be executed: ZeroDivisionError: division by zero"),
        ("exits.py:last", "cannot be executed: SystemExit: 3"),
        ("own.py:text", "type str, which cannot be used as a controller"),
        ("empty.py:last", "has no 'last': check the name after the colon"),
    ],
)
def test_a_file_that_does_not_give_the_thing_is_refused_in_one_line(tmp_path, name, message):
    (tmp_path / "own.py").write_text("def last(): pass\ntext = 'a'")
    (tmp_path / "empty.py").touch()
    (tmp_path / "raises.py").write_text("last = 1 / 0")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(3)")
    with pytest.raises(ValueError, match=message) as raised:
        find(f"{tmp_path}/{name}")
    assert "\n" not in str(raised.value)


def test_a_module_that_cannot_be_imported_is_named():
    with pytest.raises(ValueError, match=r"the module 'no_such_package.tasks' cannot be imported"):
        find("no_such_package.tasks:last")


def test_installed_packages_offer_names_and_a_broken_one_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "offered-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[neuralstack.controllers]\nregister = fractions:Fraction\nbroken = fractions:Lost\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert find("register").__name__ == "Fraction"
    with pytest.raises(ValueError, match=re.escape("the entry point 'broken' of offered, 'fractions:Lost', cannot")):
        find("broken")
    with pytest.raises(ValueError, match="unknown controller 'registr': did you mean 'register'"):
        find("registr")

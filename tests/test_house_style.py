"""Rules of CONTRIBUTING.md that no linter checks: sizes of files, how docstrings begin, and what may be imported."""

import ast
import importlib.util
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "neuralstack").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONGEST_FILE, MEDIAN_FILE, LONGEST_FUNCTION = 250, 100, 50
PRIVATE_NAME = r"\bneuralstack(?:\.\w+)*\._[a-z]\w*"
PRIVATE_WORDS = r"\b(unless said|heed(s|ed)?|anew|wirings?|deeds?)\b"


def begins_wrongly(tree):
    """Docstrings, of attributes too, whose first word asks instead of naming what they describe."""
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    texts = [node.value for node in strings if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text.splitlines()[0] for text in texts if re.match(r"\s*(What|How)\b", text)]


def test_no_file_is_long():
    lengths = {file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines()) for file in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_FILE


def lines_of_functions(tree):
    """The number of lines of each function, without its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def test_no_function_is_long():
    functions = [(file.name, *found) for file in FILES for found in lines_of_functions(ast.parse(file.read_text()))]
    assert [function for function in functions if function[-1] > LONGEST_FUNCTION] == []


@pytest.mark.parametrize("docstring", ["What a machine does.", "How many there are."])
def test_a_docstring_that_asks_is_found(docstring):
    assert begins_wrongly(ast.parse(f'def f():\n    """{docstring}"""\n')) == [docstring]


def test_a_docstring_begins_with_what_it_describes():
    faults = {
        file.relative_to(ROOT).as_posix(): begins_wrongly(ast.parse(file.read_text())) for file in [*FILES, *TESTS]
    }
    assert {name: lines for name, lines in faults.items() if lines} == {}


def test_prose_is_that_of_the_field():
    translations = ("_legacy.py", "changes.md")  # from the names of 0.1
    checked = [file for file in (*FILES, *PAGES) if file.name not in translations]
    lines = [(file.name, line) for file in checked for line in file.read_text().splitlines()]
    assert [fault for fault in lines if re.search(PRIVATE_WORDS, fault[1])] == []


def test_no_script_hides_a_module_that_another_script_beside_it_imports():
    scripts = [file for folder in ("benchmarks", "examples", "docs/hooks") for file in (ROOT / folder).glob("*.py")]
    found = [(file, importlib.util.find_spec(file.stem)) for file in scripts]
    assert [file.name for file, spec in found if spec and spec.origin not in (None, str(file))] == []


def imported(tree):
    """Every name of the package that is imported, with its module, and the name that it has in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "neuralstack":
            for alias in node.names:
                yield f"{node.module}.{alias.name}", alias.asname or alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "neuralstack":
                    yield alias.name, alias.asname or "neuralstack"


def private_names(text):
    """Private modules and names of the package that a file imports, or names in a text such as another program."""
    found = [*re.findall(PRIVATE_NAME, text), *(name for name, _ in imported(ast.parse(text)))]
    return sorted({private[0] for name in found if (private := re.match(PRIVATE_NAME, name))})


def replaced_names(text):
    """Attributes and entries of the package that a file replaces."""
    tree = ast.parse(text)
    own = {name for _, name in imported(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            root = first = node.args[0]
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
                root = root.func if isinstance(root, ast.Call) else root.value
            is_own = isinstance(root, ast.Name) and root.id in own
            is_named = isinstance(root, ast.Constant) and str(root.value).startswith("neuralstack.")
            if node.func.attr in ("setattr", "delattr", "setitem", "delitem") and (is_own or is_named):
                yield ast.unparse(first)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from neuralstack.tasks._bits import add", "neuralstack.tasks._bits"),
        ("from neuralstack import load, _files as files", "neuralstack._files"),
        ("import neuralstack.training._train as train", "neuralstack.training._train"),
        ("CODE = 'import sys; from neuralstack.cli._process import ended'", "neuralstack.cli._process"),
    ],
)
def test_a_private_name_is_found(text, name):
    assert private_names(text) == [name]
    assert private_names("from neuralstack import __version__, load\nprint(neuralstack.__version__)") == []


@pytest.mark.parametrize(
    "text",
    [
        "monkeypatch.setattr('neuralstack.training.train', None)",
        "from neuralstack import training\npatch.setattr(training, 'train', None)",
        "import neuralstack as ns\nmonkeypatch.setitem(ns.TASKS, 'copy', None)",
    ],
)
def test_a_replaced_name_is_found(text):
    assert len([*replaced_names(text)]) == 1
    assert [*replaced_names("import os\nmonkeypatch.setattr(os, 'cpu_count', None)")] == []


def test_tests_use_public_names_and_replace_none():
    texts = {file.relative_to(ROOT).as_posix(): file.read_text() for file in TESTS if file != Path(__file__)}
    assert [(file, name) for file, text in texts.items() for name in private_names(text)] == []
    assert {file: [*replaced_names(text)] for file, text in texts.items() if [*replaced_names(text)]} == {}


def test_a_room_uses_the_public_names_of_another():
    rooms = {file.parent.name for file in (ROOT / "neuralstack").glob("*/__init__.py")}
    faults = [
        (file.relative_to(ROOT).as_posix(), name)
        for file in FILES
        for name, _ in imported(ast.parse(file.read_text()))
        if (private := re.match(rf"neuralstack\.({'|'.join(rooms)})(\.\w+)*\._[a-z]", name))
        and private[1] != file.relative_to(ROOT / "neuralstack").parts[0]
    ]
    assert faults == []

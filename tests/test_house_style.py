"""Rules of CONTRIBUTING.md that no linter checks: sizes of files, and how docstrings begin."""

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "neuralstack").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONGEST_FILE, MEDIAN_FILE, LONGEST_FUNCTION = 250, 100, 50
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

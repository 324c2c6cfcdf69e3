"""The rules of CONTRIBUTING.md that no linter knows: sizes of files and functions, and the field's words."""

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "neuralstack").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FILE = 250, 50, 100

# Names that say nothing, or stand where the field has a word of its own.
PRIVATE_NAMES = {
    *("said", "told", "one", "part", "place", "met", "found", "now", "more"),
    *("pull", "pull_after", "halve_every", "finish", "patience", "watch_test", "autoencode", "noise_after"),
    *("forcing", "heed", "heed_interrupt", "enroll", "look_after", "conclude", "hopeless", "verdict"),
    *("deed", "deeds", "profile", "profiles", "ways", "settled", "streak", "counted", "problem", "wiring", "passes"),
    *(
        "Given",
        "Shown",
        "Taken",
        "Population",
        "Memories",
        "Rounded",
        "Replay",
        "Program",
        "Joint",
        "Blanks",
        "Stepwise",
    ),
}
PRIVATE_WORDS = r"\b(unless said|heed(s|ed)?|anew|is ill|wirings?|deeds?|autoencod\w*|halve_every|pull_after)\b"


def trees():
    return [(file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())) for file in FILES]


def defined_names(tree):
    """Every name that a file gives: to a function, a class, an argument or a variable."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_no_file_is_long():
    lengths = {file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines()) for file in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_FILE


def test_no_function_is_long():
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    spans = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, functions)
    }
    assert {name: span for name, span in spans.items() if span > LONGEST_FUNCTION} == {}


def test_names_are_the_words_of_the_field():
    faults = [f"{file}:{line} {name}" for file, tree in trees() for name, line in defined_names(tree)]
    assert [fault for fault in faults if fault.rpartition(" ")[2] in PRIVATE_NAMES] == []


def test_a_docstring_begins_with_what_it_describes():
    begins = [(file, text.splitlines()[0]) for file, tree in trees() for text in docstrings(tree) if text]
    assert [(file, line) for file, line in begins if re.match(r"(What|How|Whether|Who|Where|When)\b", line)] == []


@pytest.mark.parametrize("file", [*FILES, *PAGES], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_prose_is_that_of_the_field(file):
    lines = enumerate(file.read_text().splitlines(), 1)
    assert [f"{number}: {line.strip()}" for number, line in lines if re.search(PRIVATE_WORDS, line)] == []

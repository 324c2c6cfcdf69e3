import doctest
from pathlib import Path

import pytest

from neuralstack.testing import check_memory

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "own-memory.md"
MOST_LINES = 12


def classes_on_page():
    """Every class that the page defines, by name, and the number of lines of its definition."""
    names, lines = {}, {}
    for example in doctest.DocTestParser().get_examples(PAGE.read_text(encoding="utf-8")):
        if example.source.startswith(("class ", "import jax")):
            exec(example.source, names)
        if example.source.startswith("class "):
            name = example.source.split()[1].split("(")[0]
            lines[name] = sum(map(bool, map(str.strip, example.source.splitlines())))
    return {name: (names[name], count) for name, count in lines.items()}


def test_the_memory_of_the_guide_takes_twelve_lines_at_most():
    assert classes_on_page()["Register"][1] <= MOST_LINES


@pytest.mark.slow
def test_the_memory_of_the_guide_with_a_discrete_form_obeys_the_laws():
    check_memory(classes_on_page()["GatedRegister"][0](width=2), steps=3)

from pathlib import Path

import pytest
from consoles import steps_of

from neuralstack.testing import check_memory

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "own-memory.md"
FILES = [step.text for step in steps_of(PAGE.read_text(encoding="utf-8")) if step[0] == "memories.py"]
MOST_LINES = 12


def test_the_memory_of_the_guide_takes_twelve_lines_at_most():
    definition = FILES[0][FILES[0].index("class Register") :]
    assert sum(map(bool, map(str.strip, definition.splitlines()))) <= MOST_LINES


@pytest.mark.slow
def test_the_memory_of_the_guide_with_a_discrete_form_obeys_the_laws():
    names = {}
    exec("".join(FILES), names)
    check_memory(names["GatedRegister"](width=2), steps=3)

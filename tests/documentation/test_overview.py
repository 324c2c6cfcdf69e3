"""The tables of the README, and of the page on memories, are those of the committed results."""

import doctest
import re
from pathlib import Path

from hooks import overview

ROOT = Path(__file__).parents[2]


def test_the_readme_has_the_table_of_the_result_files():
    shown = overview.IN_README.search((ROOT / "README.md").read_text())[0]
    assert shown == overview.published().markdown(), "run: python docs/hooks/overview.py README.md"


def test_the_examples_of_the_tables_are_right():
    assert doctest.testmod(overview).failed == 0 < doctest.testmod(overview).attempted


def test_the_table_is_written_into_a_readme():
    readme = (ROOT / "README.md").read_text()
    older = re.sub(r"\| string reversal .*\n", "", readme)
    assert older != readme == overview.write_into(older)


def test_published_numbers_stand_beside_ours():
    rows = {row[:2]: row[2:] for row in overview.published().rows}
    assert rows["string reversal", "GRU, a stack"] == ("100", "100", "Flamant (2019)", "99 of 100")
    assert rows["string reversal", "LSTM"][:3] == ("0", "0", "Flamant (2019)")
    assert rows["bigram flip", "GRU, a queue"][1:3] == ("55", "Grefenstette (2015)")
    assert rows["modular arithmetic brackets", "multiplicative, a stack"][1:3] == ("≈96.1", "Delétang (2023)")


def test_each_task_has_the_memory_that_solves_it_and_the_others():
    rows = {row[0]: row for table in overview.memories() for row in table.rows}
    assert rows["copy"][1:6] == ("a queue", "GRU", "layer", "100", "3 of 3")
    assert rows["copy"][-1] == "a DeQue: 3 of 3, a stack: 0 of 3"
    assert rows["reversal"][-2] == "21 of 21 at 10,000"
    assert rows["parity"][1:4] == ("none", "multiplicative", "")
    assert rows["odds-first"][1] == "two queues"
    assert "gates see the input, gates see the read" in rows["odds-first"][3]
    assert all(row[-2] or row[0] in ("copy", "bigram-flip", "svo-sov", "gender") for row in rows.values())

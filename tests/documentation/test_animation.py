"""The picture of a stack that fills and empties."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from animation import animation, columns_of
from pages import traced

COMMITTED = Path(__file__).parents[2] / "docs" / "stack.svg"
SVG = "{http://www.w3.org/2000/svg}"


def shown(picture):
    """The symbols of each column's elements, lowest first, with the kind of each; and its answer."""
    for step in ET.fromstring(picture).findall(f"{SVG}g[@class='step']"):
        texts = [(text.get("class"), float(text.get("y")), text.text) for text in step.iter(f"{SVG}text")]
        elements = sorted((-y, text, kind.removeprefix("on-")) for kind, y, text in texts if kind != "answer")
        yield [(text, kind) for _, text, kind in elements], "".join(t for kind, _, t in texts if kind == "answer")


def test_each_column_shows_the_stack_after_its_step():
    trace, (memory,) = traced("abc")
    columns = list(shown(animation(trace)))
    assert len(columns) == len(trace["steps"]) == 8
    for step, (elements, _) in enumerate(columns):
        assert [symbol for symbol, _ in elements] == [symbol for symbol, _ in memory.shown(step)][::-1]
    assert columns[3][0] == [("a", "held"), ("b", "held"), ("c", "pushed")]
    assert columns[4] == ([("a", "held"), ("b", "held"), ("c", "read")], "c")
    assert "".join(answer for _, answer in columns) == "cba⊣"


def test_heights_are_strengths_and_what_was_popped_is_outlined():
    trace, _ = traced("ab", push=0.5, pop=0.25)
    columns = columns_of(trace)
    assert [element.strength for element in columns[2].elements] == [0.5, 0.5]
    assert [column.popped for column in columns] == [0, 0, 0, 0, 0.25, 0.25]
    picture = animation(trace)
    assert picture.count('class="popped"') == 1 + 2  # one in the legend


def test_marks_are_escaped():
    assert "&lt;&amp;" in animation(traced("<&")[0] | {"text": "<&"})


def test_a_queue_is_refused():
    with pytest.raises(ValueError, match=r"one stack, got a memory of \['queue'\]"):
        animation(traced("ab", kinds=("queue",))[0])


def test_the_committed_picture_shows_a_string_and_its_reversal_to_all_readers():
    picture = COMMITTED.read_text()
    root = ET.fromstring(picture)
    text = re.search("“(.*)”", root.find(f"{SVG}title").text)[1]
    assert f"answers {text[::-1]}." in root.find(f"{SVG}desc").text
    assert "".join(answer for _, answer in shown(picture)) == text[::-1] + "⊣"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title description"
    for wanted in ("prefers-color-scheme:dark", "prefers-reduced-motion:no-preference"):
        assert wanted in picture
    assert not re.search(r"<script|href|url\(|@import", picture)  # an image in a page may load nothing

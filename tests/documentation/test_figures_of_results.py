"""Figures of the committed results, as the documentation shows them."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hooks import figures

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize("name", ["reversal-seeds", "counting", "overhead"])
def test_a_figure_has_texts_and_the_inks_of_the_page(name):
    result, draw = figures.FIGURES[name]
    content = json.loads((RESULTS / f"{result}.json").read_text())
    picture = figures.themed(figures.svg(draw(content)))
    texts = {text.text for text in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")}
    expected = {"reversal-seeds": "GRU + stack", "counting": "stack, rounded", "overhead": "kernel-feedback"}[name]
    assert expected in texts
    assert "prefers-color-scheme: dark" in picture
    assert not re.search("#000000|#ffffff;", picture.replace(figures.STYLE, ""))


def test_every_figure_of_a_page_is_drawn():
    shown = {name for page in RESULTS.glob("*.md") for name in re.findall(r"\(([\w-]+)\.svg\)", page.read_text())}
    assert shown == {*figures.FIGURES}

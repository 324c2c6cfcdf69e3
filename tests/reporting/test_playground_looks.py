"""Looks of the playground: windows of any width, names for those who hear it, light and dark, a notebook's frame."""

import re
from random import Random

import pytest

from pages import go
from programs import PROGRAMS, text_of

pytest_plugins = ("browser", "playgrounds")


def test_in_a_narrow_window_the_current_state_is_in_sight_and_its_name_can_be_read(play):
    tab = play("deal", "abab", width=360)
    for step in (0, 1, 5):
        go(tab, step)
        text = tab.locator(".diagram .current text").bounding_box()
        assert text["height"] > 11
        assert text["x"] >= 0
        assert text["x"] + text["width"] <= 360


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_playground_never_scrolls_sideways(play, name):
    program = PROGRAMS[name].minimal()
    source = Random(0).choices(range(program.layout.symbols), k=60)
    tab = play(name, text_of(program, source))
    for width in (360, 720, 1200, 2400):
        tab.set_viewport_size({"width": width, "height": 800})
        for step in (0, 30, 60, 61):
            go(tab, step)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name_and_every_picture_and_table_too(play):
    tab = play("mirror", "abc")
    go(tab, 3)
    named = "(all) => all.map((one) => one.ariaLabel || one.labels?.[0]?.innerText || one.innerText || one.textContent)"
    names = tab.locator("button, input, select, [role=img], [role=group], [role=region], caption").evaluate_all(named)
    assert len(names) > 30
    assert all(name.strip() for name in names)
    ids = tab.locator("[id]").evaluate_all("(all) => all.map((one) => one.id)")
    assert len(ids) == len(set(ids))
    assert tab.locator("section[aria-labelledby]").evaluate_all(
        "(all) => all.every((one) => document.getElementById(one.getAttribute('aria-labelledby')).textContent)"
    )


def test_light_and_dark_follow_the_system_until_they_are_switched(play):
    color = "getComputedStyle(document.body).backgroundColor"
    tab = play("parity", "1", color_scheme="dark")
    dark = tab.evaluate(color)
    tab.locator("#theme").click()
    light = tab.evaluate(color)
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150 < 600 < sum(map(int, re.findall(r"\d+", light)[:3]))
    assert play("parity", "1", color_scheme="light").evaluate(color) == light


def test_a_notebook_shows_the_playground_in_a_frame(window, page_of_all, tmp_path):
    tab, requests, complaints = window
    file = tmp_path / "notebook.html"
    file.write_text("<!doctype html>" + page_of_all._repr_html_(), encoding="utf-8")
    tab.goto(file.as_uri())
    inside = tab.frame_locator("iframe")
    inside.locator("#text").fill("abb")
    tab.wait_for_timeout(400)  # until the address would be changed
    assert inside.locator("#result").text_content() == "answers bba"
    assert complaints == []
    requests.clear()

"""Looks of the page of traces: its overview and colors, long traces, narrow windows, and animations."""

import json
import re
import time

import pytest

from neuralstack.reporting import Trace, page
from pages import ABOVE, LEFT, ROWS, STRING, cell_of, go, shown_in, top_of, traced

pytest_plugins = ("browser",)

PIXEL = """(canvas, [x, y]) => {
    const copy = new OffscreenCanvas(1, 1).getContext("2d");
    copy.drawImage(canvas, -Math.floor(x), -Math.floor(y));
    return [...copy.getImageData(0, 0, 1, 1).data];
}"""


def test_the_overview_is_dark_where_there_is_strength_and_orange_where_it_is_read(show):
    tab = show(STRING)
    canvas = tab.locator("canvas")
    box = canvas.bounding_box()

    def pixel(step, element):
        return canvas.evaluate(PIXEL, [LEFT + (step + 0.5) * cell_of(box), ABOVE + (7 - element + 0.5) * ROWS / 8])

    assert pixel(8, 0) == pytest.approx([0, 114, 178, 255], abs=3)
    assert pixel(8, 7) == pytest.approx([230, 159, 0, 255], abs=3)
    assert pixel(3, 7)[3] == 0
    assert pixel(17, 7) == pixel(17, 0)


def luminance(tab):
    color = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3


def test_light_and_dark_follow_the_system_until_they_are_switched(show):
    tab = show(STRING, color_scheme="dark")
    assert luminance(tab) < 60
    tab.locator("#theme").click()
    assert luminance(tab) > 200
    box = tab.locator("canvas").bounding_box()
    read = [LEFT + 8.5 * cell_of(box), ABOVE + ROWS - 8]
    assert tab.locator("canvas").evaluate(PIXEL, read) == pytest.approx([0, 114, 178, 255], abs=3)
    tab.locator("#theme").click()
    assert luminance(tab) < 60
    assert tab.locator("canvas").evaluate(PIXEL, read) == pytest.approx([86, 180, 233, 255], abs=3)
    assert luminance(show(STRING, color_scheme="light")) > 200


@pytest.mark.slow
def test_a_thousand_steps_of_five_hundred_elements_respond_at_once(show, long):
    trace, memory = long
    start = time.perf_counter()
    tab = show(trace)
    assert tab.locator("#step").get_attribute("max") == "1001"
    opened = time.perf_counter() - start
    times = []
    for step in (500, 1, 1001, 750, 501):
        start = time.perf_counter()
        go(tab, step)
        assert top_of(tab) == memory.top(step)
        times.append(time.perf_counter() - start)
    assert (opened < 5, max(times) < 1) == (True, True), (opened, times)
    assert shown_in(tab) == memory.shown(501)
    assert tab.locator("[data-element]").first.is_visible()


def test_a_tall_queue_is_scrolled_to_its_front(show):
    trace, _ = traced("".join(chr(97 + index % 26) for index in range(80)), kinds=("queue",))
    tab = show(trace)
    go(tab, 80)
    column = tab.locator(".column").bounding_box()
    front = tab.locator("[data-element]").last.bounding_box()
    assert column["y"] < front["y"] + front["height"] <= column["y"] + column["height"] + 1


@pytest.mark.slow
def test_the_page_never_scrolls_sideways(show, long):
    several, _ = traced("abc", kinds=("stack", "queue", "stack"))
    named = traced("abc", name="a name of a machine/that-is-long-and-has-no-place-to-break-in-it/at-all-" + "x" * 60)[0]
    tab = show(long[0], several, named)
    for width in (360, 720, 2400):
        tab.set_viewport_size({"width": width, "height": 800})
        for text in (long[0]["text"], "abc"):
            tab.locator("#input").select_option(text)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_animated_for_those_who_asked_for_less_motion(show):
    # Queried repeatedly in one call: while the page plays, new elements are marked only for a moment.
    moves = """(name) => {
        const one = document.querySelector("[data-playing] .slot.new .box");
        return one !== null && getComputedStyle(one).animationName === name;
    }"""
    for asked, expected in (("no-preference", "arrive"), ("reduce", "none")):
        tab = show(STRING, reduced_motion=asked)
        go(tab, 0)
        tab.locator("#speed").select_option("5")
        tab.locator("#play").click()
        tab.wait_for_function(moves, arg=expected)


def side_by_side():
    """Machines of one text: one gives a long wrong answer, one names no states."""
    wrong = traced("a string to reverse", name="before training", wrong=range(20, 40))[0] | {"answer": "wrong" * 20}
    soft = traced("a string to reverse", name="as trained")[0]
    for step in soft["steps"]:
        step["state"] = None
    return wrong, soft, traced("a string to reverse", name="hardened")[0]


def edges(tab, selector, side):
    measure = f"(all) => all.map((one) => Math.round(one.getBoundingClientRect().{side}))"
    return set(tab.locator(selector).evaluate_all(measure))


def test_cards_side_by_side_line_up_whatever_they_answer(show):
    tab = show(*side_by_side(), width=1400)
    for step in (0, 25):
        go(tab, step)
        for selector in ("h2", ".result", ".tape", ".controller > h3:last-of-type", ".memory", ".column", "canvas"):
            assert len(edges(tab, selector, "top")) == 1, selector
        assert len(edges(tab, "section", "bottom")) == 1


@pytest.mark.parametrize("machines", [1, 2, 3])
def test_the_overview_is_seen_without_scrolling(show, machines):
    tab = show(*side_by_side()[:machines], width=1400)
    tab.set_viewport_size({"width": 1400, "height": 1000})
    assert max(edges(tab, "canvas", "bottom")) <= 1000


def test_an_empty_memory_is_a_ruled_vessel_and_its_headings_stand_by_the_lowest_element(show):
    tab = show(STRING)
    column, heads = tab.locator(".column").bounding_box(), tab.locator(".heads").bounding_box()
    assert column["height"] < 290
    assert abs(heads["y"] - column["y"] - column["height"]) < 1
    style = "(one) => [getComputedStyle(one).backgroundImage, getComputedStyle(one).borderLeftStyle]"
    image, border = tab.locator(".column").evaluate(style)
    assert (image.startswith("repeating-linear-gradient"), border) == (True, "solid")
    several = show(*side_by_side()).locator(".column").first.bounding_box()
    assert several["height"] < 200


NOTEBOOK = "<!doctype html><textarea id=cell></textarea>"


def test_a_notebook_shows_a_trace_in_a_frame_that_leaves_the_keys_of_other_cells_alone(window, tmp_path):
    tab, requests, complaints = window
    file = tmp_path / "notebook.html"
    file.write_text(NOTEBOOK + Trace(STRING)._repr_html_(), encoding="utf-8")
    tab.goto(file.as_uri())
    inside = tab.frame_locator("iframe")
    inside.locator("#step").wait_for()
    tab.locator("#cell").press_sequentially("a b")
    assert tab.locator("#cell").input_value() == "a b"
    assert inside.locator("#step").input_value() == "0"
    inside.locator("#next").click()
    assert inside.locator("#step").input_value() == "1"
    assert inside.locator("[data-memory]").get_attribute("data-top") == "A"
    assert tab.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert complaints == []
    requests.clear()


@pytest.mark.slow
def test_pages_and_traces_have_a_short_repr_and_are_what_they_were():
    assert repr(Trace(STRING)) == "Trace('hardened' on 'A string', 18 steps)"
    assert repr(page([STRING])).startswith("Page(")
    assert len(repr(page([STRING]))) < 30
    assert json.loads(json.dumps(Trace(STRING))) == STRING

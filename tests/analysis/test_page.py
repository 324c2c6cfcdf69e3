"""The page of traces, in a real browser: what it shows is compared with memories that are simulated here."""

import json
import os
import re
import shutil
import time

import pytest

from neuralstack.analysis._page import packed, page

CHROMIUM = shutil.which("chromium")
HOST = "http://neuralstack.test/"
HOSTILE = "</script><b id='broken'>&amp;"


class Simulated:
    """A stack or queue of symbols with strengths, written as plainly as possible."""

    def __init__(self, kind):
        self.kind = kind
        self.elements, self.strengths, self.states = [], [], []

    def ordered(self):
        """The indices of the elements, from the end that is read and popped."""
        indices = range(len(self.elements))
        return indices if self.kind == "queue" else indices[::-1]

    def taken(self, amount, strengths):
        """How much of each element lies within this amount of the end that is read and popped."""
        found = {}
        for index in self.ordered():
            found[index] = min(amount, strengths[index])
            amount -= found[index]
        return found

    def step(self, step, symbol, push, pop):
        for index, gone in self.taken(pop, self.strengths).items():
            self.strengths[index] = round(self.strengths[index] - gone, 4)
        if push > 0:
            self.elements.append({"symbol": symbol, "step": step})
            self.strengths.append(push)
        weights = self.taken(1.0, self.strengths)
        self.states.append({index: (self.strengths[index], round(weights[index], 4)) for index in weights})

    def changed(self, step):
        before = self.states[step - 1] if step else {}
        now = self.states[step]
        return [[index, *now[index]] for index in now if now[index] != before.get(index, (0, 0))]

    def shown(self, step):
        """The symbols and strengths that are to be seen, topmost first."""
        alive = [(self.elements[index]["symbol"], held) for index, (held, _) in self.states[step].items() if held > 0]
        return alive[::-1] if self.kind == "queue" else alive

    def top(self, step):
        alive = [self.elements[index]["symbol"] for index, (held, _) in self.states[step].items() if held > 0]
        return alive[0] if alive else ""


def traced(text, *, kinds=("stack",), name="hardened", push=1.0, pop=1.0, wrong=(), symbols=None):
    """A machine that pushes what it reads, and pops and answers afterwards; with the memories as they were."""
    symbols = list(text.replace(" ", "␣")) if symbols is None else symbols
    memories = [Simulated(kind) for kind in kinds]
    right = symbols[::-1] if kinds[0] == "stack" else symbols
    given = ["⊢", *symbols, "|", *right]
    wanted = [None] * (len(symbols) + 1) + [*right, "⊣"]
    steps = []
    for step, symbol in enumerate(given):
        reading, answering = 0 < step <= len(symbols), step > len(symbols) + 1
        strengths = (push if reading else 0.0), (pop if answering else 0.0)
        for memory in memories:
            memory.step(step, symbol, *strengths)
        answered = wanted[step] or "␣"
        actions = [{"end": "top", "push": strengths[0], "pop": strengths[1]}]
        steps.append(
            {
                "given": symbol,
                "answered": "?" if step in wrong else answered,
                "wanted": wanted[step],
                "probability": 0.998,
                "state": "read" if step <= len(symbols) else "answer",
                "memories": [{"actions": actions, "changed": memory.changed(step)} for memory in memories],
            }
        )
    first = len(symbols) + 1
    trace = {
        "format": "neuralstack-trace-1",
        "name": name,
        "machine": "gru + " + " + ".join(kinds),
        "task": "reversal",
        "text": text,
        "answer": "".join(step["answered"] for step in steps[first:-1]),
        "right_answer": "".join(right),
        "first_answer": first,
        "memories": [{"kind": memory.kind, "elements": memory.elements} for memory in memories],
        "steps": steps,
    }
    return trace, memories


STRING, (STRING_STACK,) = traced("A string")


@pytest.fixture(scope="module")
def long():
    """500 symbols, which take a while to simulate."""
    trace, (memory,) = traced("".join(chr(97 + index * 7 % 26) for index in range(500)))
    return trace, memory


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the PATH")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(chromium):
    """One tab for all tests, what it asked for and what it complained of."""
    tab, requests, complaints = chromium.new_page(), [], []
    tab.set_default_timeout(5000)
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab, requests, complaints
    tab.close()


@pytest.fixture
def show(window, tmp_path):
    """Opens a page of traces from a file; in the end, nothing was fetched and nothing complained of."""
    tab, requests, complaints = window

    def opened(*traces, width=1200, **media):
        file = tmp_path / "page.html"
        file.write_text(page(list(traces)), encoding="utf-8")
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | media)
        tab.goto(file.as_uri())
        return tab

    yield opened
    found = complaints[:], [url for url in requests if not url.startswith(("file:", "data:"))]
    complaints.clear(), requests.clear()
    assert found == ([], [])


@pytest.fixture
def served(window):
    """Opens a live page whose server answers with the function given; also returns the list of complaints."""
    tab, requests, complaints = window

    def opened(answer, *traces):
        html = page(list(traces), live=True)
        tab.route(HOST, lambda route: route.fulfill(body=html, content_type="text/html"))
        tab.route(HOST + "trace?**", answer)
        tab.goto(HOST)
        return tab, complaints

    yield opened
    tab.unroute_all()
    complaints.clear(), requests.clear()


def go(tab, step):
    tab.locator("#step").fill(str(step))


def step_of(tab):
    return int(tab.locator("#step").input_value())


def top_of(tab, which=0):
    return tab.locator("[data-memory]").nth(which).get_attribute("data-top")


def shown_in(tab, which=0):
    read = "(all) => all.map((one) => [one.dataset.symbol, Number(one.dataset.strength)])"
    found = tab.locator("[data-memory]").nth(which).locator("[data-element]").evaluate_all(read)
    return [tuple(one) for one in found]


def wait_until(holds):
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end


def said(tab):
    return tab.locator("#said").text_content()


def test_the_page_is_one_document_that_names_nothing_outside_of_it():
    html = page([STRING])
    assert len(html) < 60_000
    assert not re.search(r"""https?:|@import|url\(|<link(?! rel="icon" href="data:,")|src=""", html)
    assert "connect-src 'none'" in html
    assert "connect-src 'self'" in page([STRING], live=True)
    assert "{{" not in html


def test_traces_in_the_page_are_the_traces_given():
    hostile = traced("x", symbols=[HOSTILE, "{{script}}", "\u2028", "\ud800"])[0]
    html = page([STRING, hostile])
    (embedded,) = re.findall(r'<script type="application/json" id="traces">(.*?)</script>', html)
    assert json.loads(embedded) == [packed(STRING), packed(hostile)]
    assert HOSTILE not in html


def test_a_page_with_three_machines_on_five_hundred_symbols_is_a_few_hundred_kilobytes(long):
    html = page([long[0] | {"name": name} for name in ("before", "after", "hardened")])
    assert len(html.encode()) < 400_000


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        page([STRING | {"steps": [STRING["steps"][0] | {"probability": float("nan")}]}])


def test_the_stack_is_shown_as_it_is_at_every_step(show):
    tab = show(STRING)
    for step in range(len(STRING["steps"])):
        go(tab, step)
        assert top_of(tab) == STRING_STACK.top(step)
        assert shown_in(tab) == STRING_STACK.shown(step)


@pytest.mark.parametrize("kind", ["stack", "queue"])
def test_soft_strengths_are_heights_and_their_reads_are_filled(show, kind):
    trace, (memory,) = traced("abcd", kinds=(kind,), push=0.7, pop=0.5)
    tab = show(trace)
    for step in (4, 7, 9):
        go(tab, step)
        assert shown_in(tab) == memory.shown(step)
        assert top_of(tab) == memory.top(step)
        measure = "(all) => all.map((one) => one.getBoundingClientRect().height / one.dataset.strength)"
        heights = tab.locator("[data-element]").evaluate_all(measure)
        assert max(heights) - min(heights) < 1
        measure = "(all) => all.map((one) => Number(one.querySelector('.read').textContent))"
        reads = [weight for held, weight in memory.states[step].values() if held > 0]
        found = tab.locator("[data-element]").evaluate_all(measure)
        assert found == pytest.approx(reads[::-1] if kind == "queue" else reads, abs=0.006)


def test_several_memories_of_a_machine_are_shown_beside_each_other(show):
    trace, memories = traced("abc", kinds=("stack", "queue"))
    tab = show(trace)
    assert tab.locator("[data-machine]").count() == 1
    go(tab, 5)
    assert [top_of(tab, which) for which in (0, 1)] == [memory.top(5) for memory in memories] == ["b", "b"]
    go(tab, 3)
    assert [top_of(tab, which) for which in (0, 1)] == ["c", "a"]
    assert "stack: pushes c" in said(tab)
    assert "queue: pushes c" in said(tab)


def test_both_ends_of_a_deque_are_shown(show):
    trace, _ = traced("abc")
    trace["memories"][0]["kind"] = "deque"
    for step in trace["steps"]:
        step["memories"][0]["actions"] = [{"end": "top", "push": 1, "pop": 0}, {"end": "bottom", "push": 0, "pop": 0.5}]
    tab = show(trace)
    assert "at the top pushes ⊢ with strength 1.00, pops 0.00; at the bottom pushes ⊢ with strength 0.00" in said(tab)
    assert tab.locator(".controller h4").all_text_contents() == ["top", "bottom"]


def test_cells_are_numbered_from_the_top(show):
    trace, _ = traced("ab")
    trace["memories"][0] = {"kind": "cells", "elements": [{"symbol": "", "step": 1}, {"symbol": "", "step": 2}]}
    tab = show(trace)
    go(tab, 2)
    assert tab.locator("[data-element] .symbol").all_text_contents() == ["cell 1", "cell 2"]
    assert top_of(tab) == ""


def test_places_that_mix_several_symbols_are_numbered_from_the_bottom(show):
    trace, _ = traced("ab")
    for element in trace["memories"][0]["elements"]:
        element["symbol"] = ""
    tab = show(trace)
    go(tab, 2)
    assert tab.locator("[data-element] .symbol").all_text_contents() == ["place 2", "place 1"]
    assert said(tab).endswith("reads place 2 (1.00).")


def test_a_memory_that_never_holds_anything_is_shown_empty(show):
    tab = show(traced("", symbols=[])[0])
    assert shown_in(tab) == []
    assert top_of(tab) == ""
    assert tab.locator(".holds").text_content() == "holds 0 elements, strength 0.00"


def test_a_step_is_said_in_words(show):
    trace, _ = traced("ab", wrong=(4,))
    tab = show(trace)
    go(tab, 2)
    sentence = "Step 3 of 6: given b; state read; pushes b with strength 1.00, pops 0.00; reads b (1.00)."
    assert said(tab) == sentence
    go(tab, 3)
    assert said(tab).endswith("reads b (1.00); answers b, right.")
    go(tab, 4)
    assert said(tab).endswith("reads a (1.00); answers ?, wrong: a was wanted.")
    go(tab, 5)
    assert said(tab).endswith("reads nothing; answers ⊣, right.")


def test_the_answer_so_far_is_shown_with_right_and_wrong_told_apart_by_signs(show):
    tab = show(traced("abc", wrong=(5,))[0])
    output = tab.locator("[data-output]")
    seen = []
    for step in (3, 4, 5, 7):
        go(tab, step)
        seen.append(output.text_content())
    assert seen == ["", "c", "c?", "c?a⊣"]
    sign = "(all) => all.map((one) => getComputedStyle(one, '::after').content)"
    assert output.locator(".cell").evaluate_all(sign) == ['"✓"', '"✗"', '"✓"', '"✓"']
    assert tab.locator(".verdict").text_content() == "answers wrong, right is cba"


def test_play_goes_on_by_itself_until_it_is_paused(show):
    tab = show(STRING)
    tab.locator("#speed").select_option("5")
    tab.locator("#play").click()
    assert tab.locator("#said").get_attribute("aria-live") == "off"
    wait_until(lambda: step_of(tab) >= 2)
    tab.locator("#play").click()
    stopped = step_of(tab)
    tab.wait_for_timeout(300)
    assert step_of(tab) == stopped
    assert tab.locator("#said").get_attribute("aria-live") == "polite"


def test_play_ends_at_the_last_step_and_begins_anew_from_there(show):
    tab = show(traced("ab")[0])
    tab.locator("#speed").select_option("50")
    tab.locator("#play").click()
    tab.locator("#play[aria-label=Play]").wait_for()
    assert step_of(tab) == 5
    tab.locator("#speed").select_option("1")
    tab.locator("#play").click()
    assert (step_of(tab), tab.locator("#play").get_attribute("aria-label")) == (0, "Pause")


def test_keys_step_play_and_go_to_the_ends(show):
    tab = show(STRING)
    found = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft"):
        tab.keyboard.press(key)
        found.append(step_of(tab))
    assert found == [1, 2, 1, 17, 17, 0, 0]
    tab.keyboard.press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Pause"
    tab.keyboard.press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Play"


def test_keys_keep_their_meaning_in_a_field_and_on_the_slider(show):
    tab = show(STRING)
    tab.locator("#text").press_sequentially("a b")
    tab.locator("#text").press("ArrowLeft")
    assert (tab.locator("#text").input_value(), step_of(tab)) == ("a b", 0)
    tab.locator("#step").press("ArrowRight")
    assert step_of(tab) == 1
    tab.locator("#step").press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Pause"


def test_buttons_step_and_go_to_the_ends(show):
    tab = show(STRING)
    found = []
    for name in ("next", "next", "previous", "last", "first"):
        tab.locator(f"#{name}").click()
        found.append(step_of(tab))
    assert found == [1, 2, 1, 17, 0]


def test_a_click_or_drag_in_the_overview_goes_to_that_step(show):
    tab = show(STRING)
    tab.locator("canvas").scroll_into_view_if_needed()
    box = tab.locator("canvas").bounding_box()

    def place(step):
        return box["x"] + LEFT + cell_of(box) * (step + 0.5), box["y"] + box["height"] / 2

    tab.mouse.click(*place(9))
    assert (step_of(tab), top_of(tab)) == (9, "g")
    tab.mouse.move(*place(9))
    tab.mouse.down()
    tab.mouse.move(*place(12), steps=3)
    tab.mouse.up()
    assert (step_of(tab), top_of(tab)) == (12, STRING_STACK.top(12))
    tab.mouse.move(*place(2))
    assert step_of(tab) == 12
    cursor = tab.locator(".cursor").bounding_box()
    assert cursor["x"] < place(12)[0] < cursor["x"] + cursor["width"]


LEFT, RIGHT, ABOVE, ROWS = 56, 14, 54, 176  # how the overview of one stack of 8 elements is laid out


def cell_of(box):
    return (box["width"] - LEFT - RIGHT) / len(STRING["steps"])


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


def test_text_that_looks_like_html_does_no_harm(show):
    symbols = [HOSTILE, "<img src=x onerror=alert(1)>", "a"]
    trace, memory = traced(HOSTILE, symbols=symbols, name=HOSTILE, wrong=(4,))
    tab = show(trace)
    go(tab, 3)
    assert shown_in(tab) == memory[0].shown(3)
    assert tab.locator("#broken, main b, main img").count() == 0
    assert tab.locator("h2").text_content() == HOSTILE
    assert tab.locator("#input option").text_content() == HOSTILE


def test_traces_of_one_text_are_side_by_side_at_the_same_step(show):
    before, (soft,) = traced("abc", name="before", push=0.6, pop=0.4)
    after, (hard,) = traced("abc", name="after")
    tab = show(before, STRING, after)
    assert tab.locator("[data-machine] h2").all_text_contents() == ["before", "after"]
    boxes = [tab.locator("[data-machine]").nth(which).bounding_box() for which in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    go(tab, 6)
    assert [shown_in(tab, which) for which in (0, 1)] == [soft.shown(6), hard.shown(6)]
    assert said(tab).startswith("Step 7 of 8: before: given b;")
    assert " after: given b;" in said(tab)


def test_the_shorter_of_two_traces_waits_at_its_end(show):
    short, _ = traced("abc", name="short")
    short["steps"] = short["steps"][:5]
    tab = show(short, traced("abc", name="whole")[0])
    tab.keyboard.press("End")
    assert step_of(tab) == 7
    assert [top_of(tab, which) for which in (0, 1)] == ["c", ""]


def test_the_picker_changes_the_text(show):
    other, _ = traced("xyz")
    tab = show(STRING, other)
    go(tab, 9)
    assert tab.locator("#input option").all_text_contents() == ["A string", "xyz"]
    tab.locator("#input").select_option("xyz")
    assert (step_of(tab), tab.locator("#step").get_attribute("max")) == (0, "7")
    assert tab.locator(".tape .row").first.text_content() == "⊢xyz|zyx"


def test_a_saved_page_says_that_it_cannot_run_the_machine(show):
    tab = show(STRING, traced("xyz")[0])
    tab.locator("#text").fill("new")
    tab.locator("#text").press("Enter")
    assert "This is a saved page" in tab.locator("#alert").text_content()
    assert "neuralstack view RUN" in tab.locator("#alert").text_content()
    assert tab.locator("#input").input_value() == "A string"
    tab.locator("#text").fill("xyz")
    tab.locator("#text").press("Enter")
    assert tab.locator("#alert").text_content() == ""
    assert tab.locator("#input").input_value() == "xyz"


def test_a_live_page_fetches_the_traces_of_a_new_text(served):
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(json={"traces": [traced("a&b", name="one")[0], traced("a&b", name="two")[0]]})

    tab, complaints = served(answer, STRING)
    for _ in range(2):  # the second time it is there already
        tab.locator("#text").fill("a&b")
        tab.locator("#ask button").click()
        tab.locator("[data-machine=two]").wait_for()
        tab.locator("#input").select_option("A string")
    assert asked == [HOST + "trace?text=a%26b"]
    assert tab.locator("#input option").all_text_contents() == ["A string", "a&b"]
    assert complaints == []


def test_a_live_page_shows_why_there_is_no_trace_and_goes_on(served):
    def answer(route):
        if route.request.url.endswith("=gone"):
            route.abort()
        else:
            route.fulfill(status=400, json={"error": "the task has no <b>symbol</b> ü"})

    tab, complaints = served(answer, STRING)
    alert = tab.locator("#alert:not(:empty)")
    tab.locator("#text").fill("ü")
    tab.locator("#text").press("Enter")
    alert.wait_for()
    assert alert.text_content() == "the task has no <b>symbol</b> ü"
    assert alert.get_attribute("role") == "alert"
    tab.locator("#text").fill("gone")
    tab.locator("#text").press("Enter")
    tab.get_by_text("The machine does not answer").wait_for()
    tab.locator("#next").click()
    assert (step_of(tab), top_of(tab)) == (1, "A")
    assert all("Failed to load resource" in complaint for complaint in complaints)


def test_a_live_page_begins_without_a_trace(served):
    tab, complaints = served(lambda route: route.fulfill(json={"traces": [STRING]}))
    assert "type one" in said(tab)
    assert tab.locator("#play").is_disabled()
    tab.keyboard.press("Space")
    tab.keyboard.press("End")
    tab.locator("#text").fill("A string")
    tab.locator("#text").press("Enter")
    tab.locator("[data-machine]").wait_for()
    assert tab.locator("#play").is_enabled()
    assert complaints == []


def luminance(tab):
    colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


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


def test_the_page_never_scrolls_sideways(show, long):
    several, _ = traced("abc", kinds=("stack", "queue", "stack"))
    named = traced("abc", name="a name of a machine/that-is-long-and-has-no-place-to-break-in-it/at-all-" + "x" * 60)[0]
    tab = show(long[0], several, named)
    for width in (360, 720, 2400):
        tab.set_viewport_size({"width": width, "height": 800})
        for text in (long[0]["text"], "abc"):
            tab.locator("#input").select_option(text)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name_and_shows_its_focus(show):
    tab = show(STRING)
    controls = tab.locator("button, input, select, canvas, [role=group]")
    named = "(all) => all.map((one) => one.ariaLabel || one.labels?.[0]?.innerText || one.innerText)"
    names = controls.evaluate_all(named)
    assert len(names) >= 14
    assert all(name.strip() for name in names)
    for name in ("play", "step", "input", "text", "theme"):
        tab.locator(f"#{name}").focus()
        tab.keyboard.press("Shift")  # focus as from the keyboard
        style = tab.locator(f"#{name}").evaluate("(one) => getComputedStyle(one).outlineStyle")
        assert style == "solid"
    assert tab.locator("#step").get_attribute("aria-valuetext") == "step 1 of 18"


def test_nothing_is_animated_for_those_who_asked_for_less_motion(show):
    animation = "(one) => getComputedStyle(one).animationName"
    for asked, expected in (("no-preference", "arrive"), ("reduce", "none")):
        tab = show(STRING, reduced_motion=asked)
        go(tab, 0)
        tab.locator("#speed").select_option("5")
        tab.locator("#play").click()
        tab.locator(".slot.new").wait_for()
        assert tab.locator(".slot.new .box").evaluate(animation) == expected

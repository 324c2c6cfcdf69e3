"""Controls of the page of traces: play, step, jump, and choose or type another text."""

from pages import (
    HOST,
    LEFT,
    STRING,
    STRING_STACK,
    cell_of,
    go,
    sentence,
    step_of,
    top_of,
    traced,
    wait_until,
)

pytest_plugins = ("browser",)


def test_play_goes_on_by_itself_until_it_is_paused(show):
    tab = show(STRING)
    tab.locator("#speed").select_option("5")
    tab.locator("#play").click()
    assert tab.locator("#sentence").get_attribute("aria-live") == "off"
    wait_until(lambda: step_of(tab) >= 2)
    tab.locator("#play").click()
    stopped = step_of(tab)
    tab.wait_for_timeout(300)
    assert step_of(tab) == stopped
    assert tab.locator("#sentence").get_attribute("aria-live") == "polite"


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


def test_keys_keep_their_meaning_in_a_field_and_on_the_slider(served):
    tab, _ = served(None, STRING)
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


def test_every_control_has_a_name_and_shows_its_focus(served):
    tab, _ = served(None, STRING)
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


def test_the_picker_changes_the_text(show):
    other, _ = traced("xyz")
    tab = show(STRING, other)
    go(tab, 9)
    assert tab.locator("#input option").all_text_contents() == ["A string", "xyz"]
    tab.locator("#input").select_option("xyz")
    assert (step_of(tab), tab.locator("#step").get_attribute("max")) == (0, "7")
    assert tab.locator(".tape .row").first.text_content() == "⊢xyz|zyx"


def test_a_saved_page_has_no_field_for_texts_that_it_cannot_run(show, served):
    tab = show(STRING, traced("xyz")[0])
    assert not tab.locator("#ask").is_visible()
    assert "neuralstack view RUN runs the machine on any text" in tab.locator("#saved").inner_text()
    tab, _ = served(None, STRING)
    assert tab.locator("#ask").is_visible()
    assert not tab.locator("#saved").is_visible()


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
    assert "type one" in sentence(tab)
    assert tab.locator("#play").is_disabled()
    tab.keyboard.press("Space")
    tab.keyboard.press("End")
    tab.locator("#text").fill("A string")
    tab.locator("#text").press("Enter")
    tab.locator("[data-machine]").wait_for()
    assert tab.locator("#play").is_enabled()
    assert complaints == []

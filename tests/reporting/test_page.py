"""The page of traces, in a real browser: what it shows is compared with simulated memories."""

import json
import re

import pytest

from neuralstack.reporting import page
from pages import STRING, STRING_STACK, go, sentence, shown_in, step_of, top_of, traced, unpacked

pytest_plugins = ("browser",)

HOSTILE = "</script><b id='broken'>&amp;"


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
    assert [*map(unpacked, json.loads(embedded))] == [STRING, hostile]
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
    assert "stack: pushes c" in sentence(tab)
    assert "queue: pushes c" in sentence(tab)


def test_both_ends_of_a_deque_are_shown(show):
    trace, _ = traced("abc")
    trace["memories"][0]["kind"] = "deque"
    for step in trace["steps"]:
        step["memories"][0]["actions"] = [{"end": "top", "push": 1, "pop": 0}, {"end": "bottom", "push": 0, "pop": 0.5}]
    tab = show(trace)
    assert "at the top pushes ⊢ with strength 1.00, pops 0.00; at the bottom pushes ⊢ with strength 0.00" in sentence(
        tab
    )
    assert tab.locator(".controller h4").all_text_contents() == ["top", "bottom"]


def test_cells_are_numbered_from_the_top(show):
    trace, _ = traced("ab")
    trace["memories"][0] = {"kind": "cells", "elements": [{"symbol": "", "step": 1}, {"symbol": "", "step": 2}]}
    tab = show(trace)
    go(tab, 2)
    assert tab.locator("[data-element] .symbol").all_text_contents() == ["cell 1", "cell 2"]
    assert top_of(tab) == ""


def test_positions_that_mix_several_symbols_are_numbered_from_the_bottom(show):
    trace, _ = traced("ab")
    for element in trace["memories"][0]["elements"]:
        element["symbol"] = ""
    tab = show(trace)
    go(tab, 2)
    assert tab.locator("[data-element] .symbol").all_text_contents() == ["position 2", "position 1"]
    assert sentence(tab).endswith("reads position 2 (1.00).")


def test_a_memory_that_never_holds_anything_is_shown_empty(show):
    tab = show(traced("", symbols=[])[0])
    assert shown_in(tab) == []
    assert top_of(tab) == ""
    assert tab.locator(".holds").text_content() == "0 elements, strength 0.00"


def test_a_step_is_described_in_words(show):
    trace, _ = traced("ab", wrong=(4,))
    tab = show(trace)
    go(tab, 2)
    expected = "Step 3 of 6: given b; state read; pushes b with strength 1.00, pops 0.00; reads b (1.00)."
    assert sentence(tab) == expected
    go(tab, 3)
    assert sentence(tab).endswith("reads b (1.00); answers b, right.")
    go(tab, 4)
    assert sentence(tab).endswith("reads a (1.00); answers ?, wrong: expected a.")
    go(tab, 5)
    assert sentence(tab).endswith("reads nothing; answers ⊣, right.")


def test_the_answer_so_far_is_shown_with_signs_for_right_and_wrong(show):
    tab = show(traced("abc", wrong=(5,))[0])
    output = tab.locator("[data-output]")
    seen = []
    for step in (3, 4, 5, 7):
        go(tab, step)
        seen.append(output.text_content())
    assert seen == ["", "c", "c?", "c?a⊣"]
    sign = "(all) => all.map((one) => getComputedStyle(one, '::after').content)"
    assert output.locator(".cell").evaluate_all(sign) == ['"✓"', '"✗"', '"✓"', '"✓"']
    assert tab.locator(".result.wrong").text_content() == "answers c?a, wrong: expected cba"


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
    assert sentence(tab).startswith("Step 7 of 8: before: given b;")
    assert " after: given b;" in sentence(tab)


def test_the_shorter_of_two_traces_waits_at_its_end(show):
    short, _ = traced("abc", name="short")
    short["steps"] = short["steps"][:5]
    tab = show(short, traced("abc", name="whole")[0])
    tab.keyboard.press("End")
    assert step_of(tab) == 7
    assert [top_of(tab, which) for which in (0, 1)] == ["c", ""]


def test_a_language_model_predicts_and_is_not_stamped_wrong(show):
    trace, _ = traced("ab", wrong=(4,))
    trace |= {"language": True, "right_answer": None, "first_answer": 0}
    tab = show(trace)
    assert tab.locator(".result").text_content() == "predicts 2 of 3 characters"
    go(tab, 4)
    assert sentence(tab).endswith("predicts ?, a follows.")
    assert tab.locator(".wrong").count() == 0
    assert "answer" not in tab.locator(".labels, .legend").all_text_contents()


def test_what_a_machine_answers_is_shown_from_the_first_step_on(show):
    trace, _ = traced("ab", wrong=(3, 4))
    tab = show(trace | {"answer": "\x18?"})
    assert tab.locator(".result").text_content() == r"answers \x18?, wrong: expected ba"
    assert show(trace | {"answer": ""}).locator(".result").text_content() == "answers nothing, wrong: expected ba"

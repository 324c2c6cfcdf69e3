"""The page of an edited trace, in a real browser, and its figure."""

import pytest

from neuralstack import plot_trace
from neuralstack.reporting import page
from pages import go, sentence, step_of, traced

pytest_plugins = ("browser",)


@pytest.fixture(scope="module")
def edited():
    """A trace in whose step 5 the answer is another one than without an edit of step 2."""
    trace, _ = traced("abc", wrong=(5,))
    changes = [{"step": 2, "part": "action", "change": "push 0.98 → 0"}]
    unedited = {"answer": "cba", "answered": [step["wanted"] or "␣" for step in trace["steps"]]}
    return trace | {"edits": changes, "unedited": unedited, "name": "machine, edited"}


def test_both_answers_are_shown_and_the_edit_leads_to_its_step(show, edited):
    tab = show(edited)
    assert tab.locator(".result").all_text_contents() == [
        "answers c?a, wrong: expected cba",
        "without the edits, answers cba, right",
    ]
    button = tab.locator(".edits button")
    assert button.all_text_contents() == ["Step 3: edited action: push 0.98 → 0"]
    button.click()
    assert step_of(tab) == 2
    assert "given b; edited action: push 0.98 → 0;" in sentence(tab)


def test_the_edited_step_is_marked_and_the_answers_are_below_each_other(show, edited):
    tab = show(edited)
    assert tab.locator(".cell.edited").all_text_contents() == ["b"]
    assert tab.locator(".cell.edited").get_attribute("title") == "b; edited action: push 0.98 → 0"
    go(tab, 5)
    assert tab.locator("[data-output='']").text_content() == "c?"
    assert tab.locator("[data-output='unedited']").text_content() == "cb"
    assert sentence(tab).endswith("answers ?, wrong: expected b, without the edits b.")
    go(tab, 7)
    lefts = [tab.locator(f"[data-output='{row}'] .cell").first.bounding_box()["x"] for row in ("", "unedited")]
    assert lefts[0] == lefts[1]
    assert "edited step" in tab.locator(".legend").text_content()


def test_a_longer_answer_without_the_edits_is_shown_to_the_last_step(show, edited):
    longer = edited["unedited"]["answered"] + ["x", "y"]
    tab = show(edited | {"unedited": {"answer": "cbaxy", "answered": longer}})
    go(tab, 7)
    assert tab.locator("[data-output='unedited']").text_content() == "cba⊣"
    assert tab.locator(".result").nth(1).text_content() == "without the edits, answers cbaxy, wrong: expected cba"


def test_a_trace_without_edits_is_beside_one_with_them(show, edited):
    plain, _ = traced("abc")
    tab = show(plain, edited)
    assert tab.locator("[data-machine]").count() == 2
    assert tab.locator("[data-output='unedited']").count() == 1
    heights = tab.locator(".tape").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().top)")
    assert heights[0] == heights[1]


def test_text_in_an_edit_does_no_harm(show, edited):
    change = "as at step 1 of '</script><b id=broken>'"
    tab = show(edited | {"edits": [{"step": 1, "part": "memory", "change": change}]})
    assert change in tab.locator(".edits").text_content()
    assert tab.locator("#broken").count() == 0


def test_a_notebook_names_both_answers(edited):
    from neuralstack.reporting import Trace

    assert repr(Trace(edited)) == (
        "Trace('machine, edited' on 'abc', 8 steps, edited: answers 'c?a' in place of 'cba')"
    )
    assert len(page([edited])) < 65_000


def test_a_figure_has_a_line_at_each_edited_step_and_both_answers(edited):
    figure = plot_trace(edited)
    for panel in figure.axes[:3]:
        assert [line.get_xdata()[0] for line in panel.lines if line.get_linestyle() == ":"] == [2]
    (above,) = figure.axes[0].child_axes
    assert [label.get_text() for label in above.get_xticklabels()][4:] == ["c\nc", "b\n?", "a\na", "⊣\n⊣"]
    assert above.get_xlabel().endswith("above it, without the edits")

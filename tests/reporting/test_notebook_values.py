"""Values as the last line of a notebook's cell: short, as tables where there are any, and in well-formed HTML."""

from html.parser import HTMLParser

import jax
import jax.numpy as jnp
import pytest

import neuralstack as ns
from cases import quick
from neuralstack.automata import Choice, always, compare
from neuralstack.reporting import Viewer, plot_curves, report_table
from neuralstack.training import History, with_options
from small import SMALL, drawn_machine

pytest_plugins = ("small_runs",)

TASK = ns.Reversal(max_length=4, alphabet="ab<&")
MACHINE = drawn_machine(ns.GRU, ns.NeuralStack(4), TASK.vocab_size, hidden=4, embedding=4)
RECORD = {"loss": 1.5, "validation": {"coarse": 0.25, "fine": 0.5, "loss": 2.5}}
MANY = 90  # tokens and states of a large program


def program(size):
    """A program that goes round through its states, one a token, and answers what it read last."""
    names = tuple(f"<{number}>" for number in range(size))
    rules = tuple(
        tuple(always(((state + 1) % size, (True,), (token,))) for token in range(size)) for state in range(size)
    )
    answers = Choice((0,), {(None,): 0, **{(number,): number for number in range(size)}})
    return ns.StackTransducer(names, ("stack",), names, (names,), rules, (answers,) * size)


def history(size):
    return History([{"step": 50 * number, **RECORD} for number in range(size)])


VALUES = {
    "machine": lambda: MACHINE,
    "steps": lambda: jax.jit(lambda tokens: MACHINE.trace(tokens))(jnp.arange(4)),
    "steps of a batch": lambda: MACHINE.batch(jnp.arange(8).reshape(4, 2) % 4),
    "set": lambda: ns.fixed_set(TASK, (1, 4), 50),
    "report": lambda: ns.evaluate(MACHINE, TASK, (1, 4), 5),
    "table": lambda: report_table("<b>", ns.evaluate(MACHINE, TASK, (1, 4), 5)),
    "history": lambda: history(3),
    "long history": lambda: history(1000),
    "no history": lambda: history(0),
    "program": lambda: program(3),
    "large program": lambda: program(MANY),
    "comparison": lambda: compare(MACHINE, TASK, (1, 4), 5),
}


class Balanced(HTMLParser):
    """A parser that finds elements which are not closed in the order they were opened."""

    def __init__(self, html):
        super().__init__()
        self.open, self.rows = [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "name", quick(VALUES, *(name for name in VALUES if name not in ("steps of a batch", "comparison")))
)
def test_a_value_is_short_and_its_html_well_formed(name):
    value = VALUES[name]()
    assert len(repr(value)) < 500
    html = value._repr_html_() if hasattr(value, "_repr_html_") else ""
    parsed = Balanced(html)
    assert parsed.open == []
    assert parsed.rows < 80
    assert len(html) < 8000


def test_a_large_table_says_that_it_shows_a_part():
    assert f"the first 30 of {MANY} rows" in program(MANY)._repr_html_()
    html = history(1000)._repr_html_()
    assert "20 of 1000 evaluations" in html
    assert "<td>0</td>" in html
    assert "<td>49950</td>" in html


def test_a_program_is_shown_as_its_rules():
    html = program(3)._repr_html_()
    assert "<caption>StackTransducer(3 states (&lt;0&gt;, &lt;1&gt;, &lt;2&gt;), 3 tokens, memories stack)" in html
    assert "<th>next state</th>" in html


def test_machines_side_by_side_are_named(learned):
    viewer = Viewer.from_runs([learned], ["soft", "hard"])
    assert repr(viewer) == f"Viewer(reversal: {learned}; {learned}, hardened)"


def test_a_figure_is_shown_as_a_picture():
    assert plot_curves({"run": [{"step": 1, **RECORD}]})._repr_png_().startswith(b"\x89PNG")


def test_a_notebook_without_widgets_shows_a_bar_of_training(monkeypatch, tmp_path):
    display = pytest.importorskip("IPython.display")
    bars = []

    class Handle:
        def update(self, html):
            bars.append(html.data)

    def first(html, display_id):
        bars.append(html.data)
        return Handle()

    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(display, "display", first)
    assert ns.train(with_options(SMALL, max_steps=1), tmp_path / "run").steps == 1
    assert '<progress value="0" max="1">' in bars[0]
    assert '<progress value="1" max="1">' in bars[-1]
    assert "loss" in bars[-1]

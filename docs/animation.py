"""An animated picture of a stack that fills and empties, drawn from the trace of a machine.

    neuralstack trace runs/demo stressed --out build/trace.json
    python docs/animation.py build/trace.json docs/stack.svg

Every column shows the stack after one step. The columns appear in turn. The picture follows the reader's color scheme,
and stands still, complete, for readers who prefer less motion.
"""

import argparse
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

COLUMN, UNIT = 34, 24  # width of a step, height of an element of strength 1
LEFT, RIGHT, TOP, ROW, GAP = 62, 14, 40, 26, 8
BEAT, REST = 0.45, 4.0  # seconds for each step, and at the end
LEAST = 0.02  # strength that can be seen
COLORS = {  # light and dark; Okabe & Ito (2008) for what has a meaning
    "ground": ("#f4f6f8", "#14171b"),
    "ink": ("#1c2126", "#e8eaed"),
    "muted": ("#59636e", "#a5aeb8"),
    "line": ("#c3cbd3", "#454d57"),
    "held": ("#d9eaf5", "#22445a"),
    "edge": ("#6ba7d0", "#4d8fb8"),
    "pushed": ("#0072b2", "#56b4e9"),
    "on-pushed": ("#ffffff", "#10222e"),
    "read": ("#e69f00", "#e69f00"),
    "on-read": ("#1c2126", "#1c2126"),
    "popped": ("#d55e00", "#e8742a"),
}
LEGEND = ("pushed", "pushed"), ("held", "kept"), ("read", "read as the answer"), ("popped", "popped")


class Element(NamedTuple):
    """An element of the stack after a step."""

    symbol: str
    strength: float
    kind: str
    """`pushed` at this step, `read` as the answer, or `held`."""


class Column(NamedTuple):
    """The stack after one step, the lowest element first."""

    elements: tuple[Element, ...]
    popped: float
    """The strength that this step removed."""
    given: str
    answered: str
    """The answer of this step, or nothing while the source is read."""
    is_own: bool
    """Whether what was given is the machine's own answer of the step before."""


def columns_of(trace: dict[str, Any]) -> list[Column]:
    """Return the stack after each step of a trace.

    Raises:
        ValueError: If its memory is not a single stack.
    """
    kinds = [memory["kind"] for memory in trace["memories"]]
    if kinds != ["stack"]:
        raise ValueError(f"the picture is of a machine with one stack, got a memory of {kinds}: trace another run.")
    symbols = [element["symbol"] for element in trace["memories"][0]["elements"]]
    pushed_at = [element["step"] for element in trace["memories"][0]["elements"]]
    strengths, weights, columns = [0.0] * len(symbols), [0.0] * len(symbols), []
    for time, step in enumerate(trace["steps"]):
        before = strengths.copy()
        for index, strength, weight in step["memories"][0]["changed"]:
            strengths[index], weights[index] = strength, weight
        is_answer = time >= trace["first_answer"]
        elements = tuple(
            Element(symbol, strength, kind_of(pushed_at[index] == time, is_answer and weights[index] > 0.5))
            for index, (symbol, strength) in enumerate(zip(symbols, strengths, strict=True))
            if strength > LEAST
        )
        popped = sum(max(one - other, 0.0) for one, other in zip(before, strengths, strict=True))
        answered = step["answered"] if is_answer else ""
        columns.append(Column(elements, popped, step["given"], answered, is_own=time > trace["first_answer"]))
    return columns


def kind_of(is_pushed: bool, is_read: bool) -> str:
    """Return the kind of an element that is there."""
    return "read" if is_read else "pushed" if is_pushed else "held"


def animation(trace: dict[str, Any]) -> str:
    """Return the picture of a trace, as SVG."""
    columns = columns_of(trace)
    tallest = max(sum(element.strength for element in column.elements) for column in columns)
    ground = TOP + ROW + GAP + round(UNIT * tallest) + 4  # where the stack stands
    width, height = LEFT + COLUMN * len(columns) + RIGHT, ground + GAP + ROW + GAP
    title = f"A trained network reverses “{trace['text']}” with a stack"
    described = (
        f"Each column is the stack after one step. While the network reads {trace['text']}, it pushes each letter; "
        f"then it pops one letter at each step, and answers {trace['answer']}."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(described)}</desc>',
        f"<style>{style(len(columns))}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="10"/>',
        *legend(),
        *labels(ground),
        *(part for index, column in enumerate(columns) for part in drawn(column, index, ground)),
        *sweep(width, ground),
        *(given(column, index) for index, column in enumerate(columns) if not column.is_own),
        f'<path class="base" d="M{LEFT} {ground + 0.5}H{width - RIGHT}"/>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def style(steps: int) -> str:
    """Return the style sheet: colors of both schemes, and the motion, which begins with the whole picture."""
    light, dark = (";".join(f"--{name}:{pair[scheme]}" for name, pair in COLORS.items()) for scheme in (0, 1))
    shown, seconds = BEAT * steps, BEAT * steps + REST
    end = f"transform:translateX({COLUMN * steps}px)"
    return (
        f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"
        "text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;text-anchor:middle;fill:var(--ink)}"
        ".label{font:12px system-ui,sans-serif;text-anchor:start;fill:var(--muted)}.later{fill:var(--muted)}"
        ".ground{fill:var(--ground)}.base{stroke:var(--muted)}rect{rx:3px}"
        ".held{fill:var(--held);stroke:var(--edge)}.pushed{fill:var(--pushed)}.read{fill:var(--read)}"
        ".popped{fill:none;stroke:var(--popped);stroke-dasharray:3 2}"
        ".on-pushed{fill:var(--on-pushed)}.on-read{fill:var(--on-read)}.answer{font-weight:700}"
        f".now{{fill:none;stroke:var(--muted)}}.sweep{{{end}}}"
        "@media(prefers-reduced-motion:no-preference){"
        f".sweep{{animation:sweep {seconds:g}s -{shown:g}s steps({steps},jump-none) infinite}}}}"
        f"@keyframes sweep{{0%{{transform:translateX({COLUMN}px)}}{100 * shown / seconds:.2f}%,100%{{{end}}}}}"
    )


def legend() -> Iterator[str]:
    """Return the meaning of the colors, in a line above."""
    left = LEFT
    for kind, meaning in LEGEND:
        yield f'<rect class="{kind}" x="{left + 0.5}" y="13.5" width="14" height="14"/>'
        yield f'<text class="label" x="{left + 21}" y="25">{meaning}</text>'
        left += 46 + 7 * len(meaning)


def labels(ground: int) -> Iterator[str]:
    """Return the names of the rows."""
    for name, y in (("reads", TOP + 18), ("stack", ground - 8), ("writes", ground + GAP + 18)):
        yield f'<text class="label" x="12" y="{y}">{name}</text>'


def sweep(width: int, ground: int) -> Iterator[str]:
    """Return what moves over the columns: a frame around the current one, and a cover over those that come later."""
    height = ground + GAP + ROW - TOP
    yield '<g class="sweep">'
    yield f'<rect class="ground" x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/>'
    around = f'x="{LEFT - COLUMN + 0.5}" y="{TOP - 1.5}" width="{COLUMN - 1}" height="{height + 3}"'
    yield f'<rect class="now" {around}/></g>'


def given(column: Column, index: int) -> str:
    """Return the symbol that is read at a step; those of the source are always there."""
    kind, middle = "later" if column.is_own else "source", LEFT + COLUMN * index + COLUMN // 2
    return f'<text class="{kind}" x="{middle}" y="{TOP + 18}">{escape(column.given)}</text>'


def drawn(column: Column, index: int, ground: int) -> Iterator[str]:
    """Return the picture of one step."""
    left = LEFT + COLUMN * index
    middle = left + COLUMN // 2
    if column.is_own:
        yield given(column, index)
    yield '<g class="step">'
    y = float(ground)
    for element in column.elements:
        size = UNIT * element.strength
        y -= size
        yield box(element.kind, left, y, size)
        if size > 14:
            symbol = escape(element.symbol)
            yield f'<text class="on-{element.kind}" x="{middle}" y="{y + size / 2 + 4.5:.1f}">{symbol}</text>'
    if column.popped > LEAST and not any(element.kind == "pushed" for element in column.elements):
        yield box("popped", left, y - UNIT * column.popped, UNIT * column.popped)
    if column.answered:
        yield f'<text class="answer" x="{middle}" y="{ground + GAP + 18}">{escape(column.answered)}</text>'
    yield "</g>"


def box(kind: str, left: int, y: float, size: float) -> str:
    """Return an element of this height."""
    place = f'x="{left + 3.5}" y="{y + 1.5:.1f}" width="{COLUMN - 7}" height="{max(size - 2, 0.5):.1f}"'
    return f'<rect class="{kind}" {place}/>'


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace", type=Path, help="a file of traces, of which the first is drawn")
    parser.add_argument("picture", type=Path, help="the file to write")
    options = parser.parse_args()
    options.picture.write_text(animation(json.loads(options.trace.read_text())[0]), encoding="utf-8")

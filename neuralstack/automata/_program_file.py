"""The file of a program: JSON of a fixed form, which other programs can read too."""

import json
from typing import TYPE_CHECKING, Any

from neuralstack._json import parse_json
from neuralstack.automata._layout import Layout
from neuralstack.automata._size import program_bits

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

FORMAT, WITHOUT_LAYOUT = "neuralstack-program-2", "neuralstack-program-1"


def to_text(program: "StackTransducer") -> str:
    """Return a program as JSON, with a line for each of its parts."""
    layout = program.layout
    content: dict[str, Any] = {
        "format": FORMAT,
        "vocabulary": program.vocabulary,
        "memories": program.memories,
        "states": program.states,
        "kinds": program.kinds,
        "layout": None if layout is None else vars(layout),
        "rules": program.rules,
        "answers": [[*read, answered] for read, answered in program.answers.items()],
        "bits": program_bits(program),
    }
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(part)}" for name, part in content.items()) + "\n}\n"


def to_parts(text: str | bytes) -> dict[str, Any]:
    """Return the parts of a program as JSON holds them, with the types that they had before.

    Raises:
        ValueError, TypeError, KeyError: If it is not the JSON of a program.
    """
    content = parse_json(text)
    if not isinstance(content, dict) or content["format"] not in (FORMAT, WITHOUT_LAYOUT):
        raise ValueError(f"it is not of the format {FORMAT}")
    layout = content.get("layout")
    if layout is not None:
        layout = Layout(**{**layout, "answer_lengths": tuple(layout["answer_lengths"])})
    return {
        **{name: tuple(content[name]) for name in ("vocabulary", "memories", "states")},
        "kinds": tuple(map(tuple, content["kinds"])),
        "rules": tuple(tuple(rule and as_rule(*rule) for rule in row) for row in content["rules"]),
        "answers": {tuple(read): answered for *read, answered in content["answers"]},
        "layout": layout,
    }


def as_rule(new: int, pops: list[bool], pushes: list[int | None]) -> tuple[Any, ...]:
    """Return a rule with the types that it had before it was written to JSON."""
    return new, tuple(pops), tuple(pushes)

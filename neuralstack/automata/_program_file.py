"""The file of a program: JSON of a fixed form, which other programs can read too."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from neuralstack._json import parse_json
from neuralstack.automata._choice import Choice, always
from neuralstack.automata._layout import Layout
from neuralstack.automata._size import program_bits

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

FORMAT = "neuralstack-program-3"
BLIND = "neuralstack-program-2", "neuralstack-program-1"  # older ones, whose rules see no memory


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
        "rules": [[choice and as_plain(choice) for choice in row] for row in program.rules],
        "answers": [as_plain(choice) for choice in program.answers],
        "bits": program_bits(program),
    }
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(part)}" for name, part in content.items()) + "\n}\n"


def to_parts(text: str | bytes) -> dict[str, Any]:
    """Return the parts of a program as JSON holds them, with the types that they had before.

    Raises:
        ValueError, TypeError, KeyError: If it is not the JSON of a program.
    """
    content = parse_json(text)
    if not isinstance(content, dict) or content["format"] not in (FORMAT, *BLIND):
        raise ValueError(f"it is not of the format {FORMAT}")
    layout = content.get("layout")
    if layout is not None:
        layout = Layout(**{**layout, "answer_lengths": tuple(layout["answer_lengths"])})
    if content["format"] == FORMAT:
        rules = tuple(tuple(choice and as_choice(choice, as_action) for choice in row) for row in content["rules"])
        answers = tuple(as_choice(choice, int) for choice in content["answers"])
    else:
        rules = tuple(tuple(rule and always(as_action(rule)) for rule in row) for row in content["rules"])
        of_reads = {tuple(reads): answered for *reads, answered in content["answers"]}
        answers = (Choice(tuple(range(len(content["memories"]))), of_reads),) * len(rules)
    return {
        **{name: tuple(content[name]) for name in ("vocabulary", "memories", "states")},
        "kinds": tuple(map(tuple, content["kinds"])),
        "rules": rules,
        "answers": answers,
        "layout": layout,
    }


def as_plain(choice: Choice) -> dict[str, Any]:
    """Return a choice as JSON holds it."""
    return {"sees": choice.sees, "cases": [[list(reads), outcome] for reads, outcome in choice.cases.items()]}


def as_choice(content: dict[str, Any], as_outcome: Callable[[Any], Any]) -> Choice:
    """Return a choice with the types that it had before it was written to JSON."""
    return Choice(tuple(content["sees"]), {tuple(reads): as_outcome(outcome) for reads, outcome in content["cases"]})


def as_action(action: list[Any]) -> tuple[Any, ...]:
    """Return an action with the types that it had before it was written to JSON."""
    new, pops, pushes = action
    return new, tuple(pops), tuple(pushes)

"""Source text from a template: what all languages have in common."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from neuralstack.automata.languages._description import Description

WIDTH = 100  # of the lines of a table


@dataclass(frozen=True)
class Language:
    """The spelling of a language, and its template."""

    template: str
    """The file of the template."""
    comment: str
    """The beginning of a line that is a comment."""
    brackets: tuple[str, str]
    """The brackets around the entries of a table."""
    quote: Callable[[str], str]
    """Returns a text as the language writes it, whatever characters are in it."""

    def write(self, described: Description, *choices: str, **values: str) -> str:
        """Return the source text of a program.

        Args:
            described: The program.
            choices: Names of the parts of the template to keep, apart from the layout's.
            values: Further texts to fill in.
        """
        program, layout = described.program, described.layout
        tables = {
            "states": [self.quote(name) for name in program.states],
            "tokens": [self.quote(word) for word in program.vocabulary],
            "views": described.views,
            "rules": described.rules,
            "first_rule": described.first_rule,
            "rule_views": described.rule_views,
            "answers": described.answers,
            "first_answer": described.first_answer,
            "answer_views": described.answer_views,
            "answer_lengths": list(layout.answer_lengths),
        }
        numbers = {"symbols": layout.symbols, "growth": layout.growth, "mark": layout.symbols}
        return fill(
            (files("neuralstack.automata.languages") / self.template).read_text(encoding="utf-8"),
            {layout.form, "characters" if described.is_spelled else "words", *choices},
            {
                "comment": "\n".join(f"{self.comment} {harmless(line)}".rstrip() for line in described.summary()),
                **{name: self.table(table) for name, table in tables.items()},
                **{name: str(number) for name, number in numbers.items()},
                **values,
            },
        )

    def table(self, entries: Sequence[Any], indent: str = "") -> str:
        """Return a table, possibly of tables, in which each innermost one starts a line."""
        first, last = self.brackets
        if entries and isinstance(entries[0], list):
            inner = "".join(f"{indent}    {self.table(entry, indent + '    ')},\n" for entry in entries)
            return f"{first}\n{inner}{indent}{last}"
        lines = wrapped([str(entry) for entry in entries])
        if len(lines) == 1:
            return f"{first}{lines[0]}{last}"
        return f"{first}\n" + "".join(f"{indent}    {line},\n" for line in lines) + f"{indent}{last}"


def harmless(line: str) -> str:
    """Return a line of a comment with nothing that would end a script, or begin a comment, within a page.

    Examples:
        >>> harmless("<end> </script>")
        '<end> < /script>'
    """
    return re.sub("<(?=[/!])", "< ", line)


def wrapped(entries: Sequence[str]) -> list[str]:
    """Return entries with commas between them, in lines that are not longer than need be."""
    lines = [""]
    for entry in entries:
        if lines[-1] and len(lines[-1]) + len(entry) > WIDTH:
            lines.append("")
        lines[-1] += f", {entry}" if lines[-1] else entry
    return lines


def fill(template: str, choices: set[str], values: dict[str, str]) -> str:
    r"""Return a template with values filled in, in one pass, so that no value is taken for a place to fill.

    Examples:
        >>> fill("{{if one}}\na {{name}}\n{{end}}\n{{if other}}\nb\n{{end}}\nc", {"one"}, {"name": "{{x}}"})
        'a {{x}}\nc\n'
    """
    kept, lines = True, []
    for line in template.splitlines():
        if mark := re.fullmatch(r"\{\{(?:if (\w+)|end)\}\}", line):
            kept = mark[1] is None or mark[1] in choices
        elif kept:
            lines.append(line)
    return re.sub(r"\{\{(\w+)\}\}", lambda place: values[place[1]], "\n".join(lines)) + "\n"

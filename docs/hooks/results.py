"""Put the tables of a committed result file into its page, so that no measured number is typed by hand.

A line `<!-- tables: results/NAME.json -->` in a page, with a path inside `docs/`, becomes the tables of an experiment
or a benchmark, the settings of an experiment's machines, and how the file was made.
"""

import json
import re
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError

from neuralstack.experiments import (
    _actions,
    _characters,
    _chomsky,
    _counting,
    _hardening,
    _reversal,
    _transductions,
)
from neuralstack.reporting import Table

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
from lesson import report as lesson

MARKER = re.compile(r"^<!-- tables: (\S+) -->$", re.MULTILINE)
ROWS = {
    "actions": _actions.table_rows,
    "characters": _characters.table_rows,
    "chomsky": _chomsky.table_rows,
    "counting": _counting.table_rows,
    "hardening": _hardening.table_rows,
    "lesson": lesson.tables,
    "reversal": _reversal.table_rows,
    "transductions": _transductions.table_rows,
}
SETTINGS = {
    "connection": "connection",
    "learning rate": "learning_rate",
    "first lengths": "first_lengths",
    "pull": "pull",
    "restart after": "restart_after",
    "most batches": "steps",
}


def on_page_markdown(markdown, page, config, **_):
    """Replace every marker of a page."""

    def tables(found):
        try:
            return describe(json.loads(Path(config["docs_dir"], found[1]).read_text()))
        except (OSError, ValueError, KeyError) as error:
            raise PluginError(
                f"{page.file.src_uri} needs the result file docs/{found[1]}, which is missing, broken or of another "
                f"version ({error!r}): run the command that {page.file.src_uri} names."
            ) from None

    return MARKER.sub(tables, markdown)


def describe(result):
    """Return everything that a page shows of a result file."""
    tables = experiment_tables(result) if "experiment" in result else benchmark_tables(result)
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    source = f"Made by `{result['command']}` with {versions}, Python {result['python']}, on {result['machine']}."
    return "\n\n".join([*tables, source])


def experiment_tables(result):
    """Return the tables that the experiment prints, and the settings in which its machines differ."""
    if "--quick" in result["command"]:
        raise ValueError("it is of a quick run")
    tables = [
        (table if isinstance(table, Table) else of_rows(*table)).markdown()
        for table in ROWS[result["experiment"]](result)
    ]
    # The lesson's networks are no machines of this package, and their tables say how they differ.
    arms = [arm for arm in result.get("arms", {}).values() if "connection" in arm["config"]]
    settings = [(arm["label"], *(shown(arm["config"][option]) for option in SETTINGS.values())) for arm in arms]
    if len({setting[1:] for setting in settings}) > 1:
        tables.append(Table("Settings in which the machines differ", ("machine", *SETTINGS), settings, 2).markdown())
    return tables


def of_rows(title, columns, rows):
    """Return the table of these rows."""
    sampled = "what it writes" in columns
    return Table(title, columns, rows, 1 + len({"source", "training", "machine"} & {*columns[1:]}) + 2 * sampled)


def benchmark_tables(result):
    """Return the tables that the benchmark printed."""
    return [Table(table["title"], table["columns"], table["rows"]).markdown() for table in result["tables"]]


def shown(value):
    """Write the value of one option."""
    return (", ".join(map(str, value)) or "all") if isinstance(value, list) else str(value)

"""Put the tables of a committed result file into its page, so that no measured number is typed by hand.

A line `<!-- tables: results/NAME.json -->` in a page, with a path inside `docs/`, becomes the tables of an experiment,
a benchmark or a record of trials, the settings of an experiment's machines, and how the file was made.
"""

import json
import re
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError

from neuralstack.experiments import EXPERIMENTS, settings_table
from neuralstack.reporting import Table

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
from lesson import report as lesson

MARKER = re.compile(r"^<!-- tables: (\S+) -->$", re.MULTILINE)
TABLES = {name: experiment.tables for name, experiment in EXPERIMENTS.items()} | {"lesson": lesson.tables}


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
    if "note" in result:  # trials by hand, which no command repeats
        return "\n\n".join([*tables, result["note"]])
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    source = f"Made by `{result['command']}` with {versions}, Python {result['python']}, on {result['machine']}."
    return "\n\n".join([*tables, source])


def experiment_tables(result):
    """Return the tables that the experiment prints, and the settings in which its machines differ."""
    if "--quick" in result["command"]:
        raise ValueError("it is of a quick run")
    tables = TABLES[result["experiment"]](result)
    # The lesson's networks are no machines of this package, and their tables say how they differ.
    settings = settings_table(result) if result["experiment"] in EXPERIMENTS else None
    return [table.markdown() for table in (*tables, settings) if table]


def benchmark_tables(result):
    """Return the tables that the benchmark printed, or that hold a record."""
    return [Table(**table).markdown() for table in result["tables"]]

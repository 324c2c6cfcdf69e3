"""Draw the figures of the committed result files when the documentation is built, as SVG in the reader's color scheme.

A page shows `results/NAME.svg` like any other picture; `FIGURES` says from which result it is drawn, and how.
"""

import json
import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from neuralstack.experiments import EXPERIMENTS

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "examples")]
from cost import draw_frameworks, draw_overhead

from lesson import report as lesson

Draw = Callable[[dict[str, Any]], Any]
FIGURES: dict[str, tuple[str, Draw]] = {
    "reversal": ("reversal", EXPERIMENTS["reversal"].figures[0]),
    "reversal-seeds": ("reversal", EXPERIMENTS["reversal"].figures[1]),
    "chomsky": ("chomsky", EXPERIMENTS["chomsky"].figures[0]),
    **{
        name: (name, EXPERIMENTS[name].figures[-1])
        for name in ("actions", "characters", "counting", "transductions", "transformer")
    },
    "lesson": ("lesson", lesson.draw_strengths),
    "overhead": ("overhead", draw_overhead),
    "frameworks": ("frameworks", draw_frameworks),
}
"""The result and the drawing of each figure, by its name in `docs/results/`."""
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "neuralstack", "font.family": "sans-serif"}
INKS = {"#000000": "ink", "#ffffff": "ground", "#ededed": "shade"}
STYLE = """<style>
svg { fill: var(--ink); --ink: #1c2126; --ground: #ffffff; --shade: #ededed }
@media (prefers-color-scheme: dark) { svg { --ink: #e8eaed; --ground: #1e2129; --shade: #343841 } }
</style>"""


def on_files(files, config):
    """Add the figures to the files of the documentation."""
    for name, (result, draw) in FIGURES.items():
        source = Path(config["docs_dir"], "results", f"{result}.json")
        try:
            picture = themed(svg(draw(json.loads(source.read_text()))))
        except (OSError, ValueError, KeyError) as error:
            raise PluginError(
                f"results/{name}.svg is drawn from docs/results/{result}.json, which is missing, broken or of another "
                f"version ({error!r}): run the command that its page names."
            ) from None
        files.append(File.generated(config, f"results/{name}.svg", content=picture))
    return files


def svg(figure: Any) -> str:
    """Return a figure of Matplotlib as SVG, with texts as texts, and without a ground."""
    picture = BytesIO()
    with rc_context(SETTINGS):
        figure.savefig(picture, format="svg", transparent=True, metadata={"Date": None})
    return picture.getvalue().decode()


def themed(picture: str) -> str:
    """Return an SVG whose inks follow the color scheme of the page around it."""
    for color, name in INKS.items():
        picture = picture.replace(color, f"var(--{name})")
    return re.sub(r"(<svg[^>]*>)", lambda found: found[1] + STYLE, picture, count=1)

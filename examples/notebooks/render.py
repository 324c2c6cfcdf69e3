"""Notebooks executed, and written with their outputs as pages of the documentation.

`python examples/notebooks/render.py` executes all of them and writes `docs/notebooks/`; names such as `reversal` choose
some. The notebooks themselves stay without outputs: what running them in place has left is removed.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

DIRECTORY = Path(__file__).parent
PAGES = DIRECTORY.parents[1] / "docs" / "notebooks"
NAMES = ("fractions", "reversal", "strengths", "pointer", "writing", "benchmark")
DESCRIPTIONS = json.loads((DIRECTORY / "descriptions.json").read_text())  # by page, cell and output
SECONDS = 900  # that a cell may take on a busy computer
COLORS = 64  # of a picture: enough for lines, few enough for a small file
HASH = re.compile(r"^<!-- made from (\S+) \(sha256 (\w+)\) -->$", re.MULTILINE)
HIDDEN = ("<progress", "<pre")  # in HTML, of progress bars and lines beside them: they tell of one computer only


def read(name: str) -> Any:
    """Return a notebook as it is in the checkout."""
    return nbformat.read(DIRECTORY / f"{name}.ipynb", as_version=4)


def cleaned(notebook: Any, name: str) -> Any:
    """Return a notebook without outputs, counts and an editor's metadata, and with cells that are numbered."""
    cells = [
        (nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell)(
            cell.source, id=f"{name}-{number:02}"
        )
        for number, cell in enumerate(notebook.cells, 1)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}, nbformat_minor=5
    )


def text_of(notebook: Any) -> str:
    """Return a notebook as the content of its file."""
    return nbformat.writes(notebook, indent=1) + "\n"


def execute(notebook: Any) -> Any:
    """Execute all cells of a notebook in a new directory, and return it with its outputs.

    Raises:
        CellExecutionError: If a cell raises an error.
    """
    executed = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as directory:
        resources = {"metadata": {"path": directory}}
        NotebookClient(executed, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    return executed


def source_hash(notebook: Any) -> str:
    """Return what identifies the cells of a notebook."""
    sources = "\0".join(f"{cell.cell_type}\n{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(sources.encode()).hexdigest()[:16]


def write_page(executed: Any, name: str, directory: Path) -> Path:
    """Write an executed notebook as `NAME.md`, with its pictures in the folder `NAME`, and return the page."""
    shutil.rmtree(directory / name, ignore_errors=True)
    (directory / name).mkdir(parents=True)
    parts = []
    for number, cell in enumerate(executed.cells, 1):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        source = cell.source.removesuffix(";")  # which only keeps a notebook from showing a value
        parts.append(f"```python\n{source}\n```")
        for place, output in enumerate(joined(cell.outputs), 1):
            parts.append(shown(output, directory / name / f"{number:02}-{place}"))
    made = f"<!-- made from examples/notebooks/{name}.ipynb (sha256 {source_hash(executed)}) -->"
    page = directory / f"{name}.md"
    page.write_text("\n\n".join([*filter(None, parts), made]) + "\n")
    return page


def joined(outputs: list[Any]) -> list[Any]:
    """Return outputs in which what was printed in a row is one."""
    parts: list[Any] = []
    for output in outputs:
        if parts and output.get("name") == parts[-1].get("name") == "stdout":
            parts[-1] = nbformat.v4.new_output("stream", name="stdout", text=parts[-1].text + output.text)
        else:
            parts.append(output)
    return parts


def shown(output: Any, path: Path) -> str:
    """Return an output of a cell in Markdown; pictures and whole HTML documents become files beside the page.

    Raises:
        ValueError: If a picture has no description for readers who cannot see it.
    """
    if output.output_type == "stream":
        return fenced(output.text) if output.name == "stdout" else ""
    data, within = output.get("data", {}), f"{path.parent.name}/{path.name}"
    html = data.get("text/html", "")
    if "image/png" in data:
        path.with_suffix(".png").write_bytes(small(data["image/png"]))
        if within not in DESCRIPTIONS:
            raise ValueError(f"no description of the picture {within}: add one to descriptions.json.")
        return f"![{DESCRIPTIONS[within]}]({within}.png)"
    if html.startswith("<iframe"):
        document = re.search(r'srcdoc="([^"]*)"', html)
        path.with_suffix(".html").write_text(unescape(document[1] if document else ""))
        return html.replace(document[0] if document else "", f'src="{within}.html"')
    if any(element in html for element in HIDDEN):
        return ""
    return html or fenced(data.get("text/plain", ""))


def fenced(text: str) -> str:
    """Return a text as a block of Markdown."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).rstrip()
    return f"```text\n{lines}\n```"


def small(picture: str) -> bytes:
    """Return a picture, given in base 64, with few colors."""
    reduced = BytesIO()
    image = Image.open(BytesIO(b64decode(picture))).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(reduced, "png", optimize=True)
    return reduced.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Execute notebooks, write their pages, and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without one")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no notebook {', '.join(unknown)}: choose of {', '.join(NAMES)}.")
    for name in options.names or NAMES:
        began, notebook = time.monotonic(), cleaned(read(name), name)
        (DIRECTORY / f"{name}.ipynb").write_text(text_of(notebook))
        page = write_page(execute(notebook), name, PAGES)
        print(f"{name}: {time.monotonic() - began:.0f} s, {page}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

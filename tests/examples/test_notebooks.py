"""Notebooks: without outputs in the checkout, executed without an error, and shown in the documentation as they are."""

import os
import signal
import threading
import time

import pytest

pytest.importorskip("nbclient", reason="notebooks need the extra `notebooks`")

from notebooks import render

SHORT = ("fractions", "pointer")  # the others train for minutes: `make notebooks` executes them
LARGEST_PICTURE, LARGEST_PAGE = 60_000, 300_000  # bytes, of all files of a page


def test_every_notebook_is_executed_and_shown():
    assert sorted(path.stem for path in render.DIRECTORY.glob("*.ipynb")) == sorted(render.NAMES)
    assert {path.stem for path in render.PAGES.iterdir()} == {*render.NAMES, "index"}


@pytest.mark.parametrize("name", render.NAMES)
def test_a_notebook_is_kept_without_outputs(name):
    """Running it in place leaves some: `make notebooks` removes them."""
    text = (render.DIRECTORY / f"{name}.ipynb").read_text()
    assert text == render.text_of(render.cleaned(render.read(name), name))


@pytest.mark.parametrize("name", render.NAMES)
def test_a_notebook_has_ten_to_fifteen_cells_to_run(name):
    assert 10 <= sum(cell.cell_type == "code" for cell in render.read(name).cells) <= 15


@pytest.mark.parametrize("name", render.NAMES)
def test_a_page_shows_the_notebook_as_it_is(name):
    """If this fails, `make notebooks` writes the page."""
    made = render.HASH.search((render.PAGES / f"{name}.md").read_text())
    assert made[2] == render.source_hash(render.read(name))


@pytest.mark.parametrize("name", render.NAMES)
def test_a_page_is_small(name):
    sizes = {path.name: path.stat().st_size for path in (render.PAGES / name).iterdir()}
    assert {path: size for path, size in sizes.items() if path.endswith(".png") and size > LARGEST_PICTURE} == {}
    assert sum(sizes.values()) + (render.PAGES / f"{name}.md").stat().st_size < LARGEST_PAGE


@pytest.mark.parametrize("name", SHORT)
def test_a_notebook_is_executed_without_an_error(name):
    executed = render.execute(render.read(name))
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")


TRAIN = """
import os
from pathlib import Path
import neuralstack as ns

Path("process").write_text(str(os.getpid()))
config = ns.configure(
    "reversal", min_length=2, max_length=8, warmup_lengths=(4, 8), hidden_dim=4, memory_dim=4, batch_size=2,
    max_steps=2000, evaluate_every=100,
)
outcome = ns.train(config, "run", resume=True)
print(outcome.status, outcome.steps)
"""


@pytest.mark.slow
def test_an_interrupted_cell_goes_on_when_it_is_run_again(tmp_path):
    cells = [render.nbformat.v4.new_code_cell(TRAIN) for _ in range(2)]
    notebook = render.nbformat.v4.new_notebook(cells=cells)

    def interrupt():
        metrics = tmp_path / "run" / "metrics.jsonl"
        while not (metrics.exists() and metrics.read_text()):  # it is still compiled
            time.sleep(0.01)
        os.kill(int((tmp_path / "process").read_text()), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    render.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    printed = [[output.text for output in cell.outputs if output.get("name") == "stdout"] for cell in cells]
    status, steps = printed[0][-1].split()
    assert (status, int(steps) < 2000) == ("interrupted", True)
    assert printed[1][-1].split() == ["done", "2000"]


def test_outputs_become_markdown_and_files(tmp_path):
    cell = render.nbformat.v4.new_code_cell("1;", execution_count=1)
    trace = '<iframe srcdoc="&lt;p&gt;&quot;a&quot;" sandbox="allow-scripts"></iframe>'
    cell.outputs = [
        render.nbformat.v4.new_output("stream", name="stdout", text="one  \n"),
        render.nbformat.v4.new_output("stream", name="stdout", text="two\n"),
        render.nbformat.v4.new_output("stream", name="stderr", text="a warning\n"),
        render.nbformat.v4.new_output("display_data", {"text/html": "<div><progress></progress></div>"}),
        render.nbformat.v4.new_output("display_data", {"text/html": "<table></table>", "text/plain": "Table"}),
        render.nbformat.v4.new_output("display_data", {"text/html": trace}),
        render.nbformat.v4.new_output("execute_result", {"text/plain": "'three'"}, execution_count=1),
    ]
    notebook = render.nbformat.v4.new_notebook(cells=[cell])
    page = render.write_page(notebook, "small", tmp_path).read_text()
    blocks = ["```python\n1\n```", "```text\none\ntwo\n```", "<table></table>"]
    blocks += ['<iframe src="small/01-5.html" sandbox="allow-scripts"></iframe>', "```text\n'three'\n```"]
    assert page.partition("\n\n<!--")[0] == "\n\n".join(blocks)
    assert (tmp_path / "small" / "01-5.html").read_text() == '<p>"a"'


def test_a_picture_without_a_description_is_refused(tmp_path):
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    picture = render.nbformat.v4.new_output("display_data", {"image/png": dot})
    with pytest.raises(ValueError, match=r"no description of the picture .*/01-1: add one to descriptions\.json"):
        render.shown(picture, tmp_path / "01-1")


def test_every_description_is_of_a_picture():
    pictures = {path.relative_to(render.PAGES).with_suffix("").as_posix() for path in render.PAGES.glob("*/*.png")}
    assert pictures == {*render.DESCRIPTIONS}


def test_a_name_that_is_none_of_them_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        render.main(["reversals"])
    assert ended.value.code == 2
    assert "there is no notebook reversals: choose of fractions" in capsys.readouterr().err

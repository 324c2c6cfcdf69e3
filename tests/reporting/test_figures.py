from io import BytesIO
from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread

from neuralstack import Reversal, load
from neuralstack.evaluation import Report
from neuralstack.reporting import (
    COLORS,
    plot_curves,
    plot_lengths,
    plot_margins,
    plot_seeds,
    plot_trace,
    trace,
)
from neuralstack.training import Run

pytest_plugins = ("small_runs",)

TASK = Reversal(8)


def assert_drawn(path, size):
    """Both files exist and show something; the picture has about this size in inches, at 150 dots per inch."""
    image = imread(path.with_name(path.name + ".png"))[..., :3]
    colors = np.round(255 * image).astype(int) @ [1, 256, 256**2]
    height, width = image.shape[:2]
    assert (width, height) == pytest.approx([150 * inches for inches in size], abs=2)
    assert image.std() > 0.02
    assert len(np.unique(colors)) > 10
    page = path.with_name(path.name + ".pdf").read_bytes()
    assert page.startswith(b"%PDF")
    assert len(page) > 3000


def record(step, accuracy, loss, test=None):
    parts = {"coarse": 0.0, "token": 0.5}
    found = {"step": step, "validation": {**parts, "fine": accuracy, "loss": loss}}
    return found | ({"test": {**parts, "fine": test, "loss": 2 * loss}} if test is not None else {})


CURVES = {
    "GRU + stack": [record(50, 0.25, 2.0, 0.125), record(100, 1.0, 0.01, 0.75)],
    "RNN": [record(50, 0.2, 4.0), record(100, 0.3, 3.0)],
}


def points(line):
    return [*zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_curves_show_accuracy_and_loss_of_every_run(tmp_path):
    accuracy, loss = plot_curves(CURVES, tmp_path / "figures" / "curves").axes
    assert_drawn(tmp_path / "figures" / "curves", (8, 3))
    assert {line.get_label(): points(line) for line in accuracy.lines} == {
        "GRU + stack, validation": [(50, 0.25), (100, 1.0)],
        "GRU + stack, test": [(50, 0.125), (100, 0.75)],
        "RNN, validation": [(50, 0.2), (100, 0.3)],
    }
    assert {line.get_label(): points(line) for line in loss.lines} == {
        "GRU + stack, validation": [(50, 2.0), (100, 0.01)],
        "GRU + stack, test": [(50, 4.0), (100, 0.02)],
        "RNN, validation": [(50, 4.0), (100, 3.0)],
    }
    assert len({line.get_color() for line in accuracy.lines}) == len(CURVES)
    assert len({line.get_marker() for line in accuracy.lines}) == len(CURVES)  # and without color


def test_every_run_is_drawn_also_where_there_are_more_than_colors():
    drawn = plot_curves({str(number): [record(50, number / 20, 1.0)] for number in range(12)})
    assert len(drawn.axes[0].lines) == 12


def test_curves_of_a_real_run_are_those_in_its_metrics(tmp_path, learned):
    records = Run.open(learned).metrics()
    drawn = plot_curves({"small": records}, tmp_path / "curves")
    assert_drawn(tmp_path / "curves", (8, 3))
    (line,) = drawn.axes[0].lines
    assert points(line) == [(record["step"], record["validation"]["fine"]) for record in records]


def test_seeds_are_one_dot_each_and_counted(tmp_path):
    (panel,) = plot_seeds({"GRU + stack": [1.0, 1.0, 0.25], "RNN": [0.125]}, tmp_path / "seeds").axes
    assert_drawn(tmp_path / "seeds", (7, 0.6 + 0.42 * 2))
    assert [sorted(line.get_xdata()) for line in panel.lines] == [[0.25, 1, 1], [0.125]]
    assert [round(float(np.mean(line.get_ydata()))) for line in panel.lines] == [0, 1]
    assert len({y for _, y in points(panel.lines[0])}) == 3
    assert [text.get_text() for text in panel.texts] == ["2/3 perfect", "0/1 perfect"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["GRU + stack", "RNN"]


@pytest.mark.slow
def test_a_trace_shows_what_was_pushed_popped_and_answered(tmp_path, learned_machine):
    actions, elements, reads, *_ = plot_trace(trace(learned_machine, TASK, "ab c"), tmp_path / "trace").axes
    assert_drawn(tmp_path / "trace", (6, 7.2))
    given = ["⊢", "a", "b", "␣", "c", "|", "c", "␣", "b", "a"]
    for panel in (actions, elements, reads):
        assert [label.get_text() for label in panel.get_xticklabels()] == given
    (above,) = actions.child_axes
    assert [label.get_text() for label in above.get_xticklabels()] == [""] * 5 + ["c", "␣", "b", "a", "⊣"]
    lines = {line.get_label(): line for line in actions.lines}
    tokens = jnp.array([*TASK.prompt(TASK.encode("ab c")), *TASK.encode("c ba")])
    seen = learned_machine.trace(tokens)
    np.testing.assert_allclose(lines["push strength"].get_ydata(), seen.action.push, atol=1e-4)
    np.testing.assert_allclose(lines["pop strength"].get_ydata(), seen.action.pop, atol=1e-4)
    strengths = np.asarray(seen.strengths).T
    used = strengths.max(1) > 1e-3
    (image,) = elements.images
    np.testing.assert_allclose(image.get_array().filled(0), strengths[used], atol=2e-3)
    (image,) = reads.images
    assert image.get_array().filled(0).sum(0).max() <= 1.001


@pytest.mark.slow
def test_a_long_trace_fits_a_page_and_numbers_its_steps(tmp_path, hardened):
    seen = trace(load(hardened), TASK, "ab" * 110)
    actions, elements, reads, *_ = plot_trace(seen, tmp_path / "trace").axes
    assert_drawn(tmp_path / "trace", (14, 7.2))
    for panel in (actions, elements, reads):
        labels = [label.get_text() for label in panel.get_xticklabels()]
        assert labels[:2] == ["50", "100"]
        assert panel.get_xticks()[0] == 49  # steps are numbered from 1
    assert not actions.child_axes
    (image,) = reads.images
    assert max(image.get_array().shape) <= 400
    assert image.get_extent()[1] == len(seen["steps"]) - 0.5


def trace_of(held):
    """A trace of a stack that holds one element at a time: that of each step, numbered from 0."""
    action = {"end": "top", "push": 1.0, "pop": 1.0}
    step = {"given": "a", "answered": "a", "wanted": None, "probability": 1.0, "state": None}
    changes = [[[before, 0, 0], [now, 1, 1]] for before, now in pairwise([0, *held])]
    steps = [step | {"memories": [{"actions": [action], "changed": changed}]} for changed in changes]
    elements = [{"symbol": "a", "step": 0}] * (max(held) + 1)
    return {"name": "long", "first_answer": 1, "memories": [{"kind": "stack", "elements": elements}], "steps": steps}


@pytest.mark.parametrize(("steps", "elements", "shape"), [(1002, 501, (251, 334)), (400, 400, (400, 400))])
def test_nothing_is_lost_between_the_pixels_of_a_long_trace(steps, elements, shape):
    held = [step * elements // steps for step in range(steps)]
    _, *panels = plot_trace(trace_of(held)).axes[:3]
    for panel in panels:
        (image,) = panel.images
        pixels = image.get_array().filled(0)
        assert pixels.shape == shape
        assert set(pixels.max(0)) == set(pixels.max(1)) == {1}
        if steps == 400:
            np.testing.assert_array_equal(pixels, np.eye(400))


@pytest.mark.parametrize(("steps", "every"), [(61, 5), (100, 5), (101, 10), (1002, 100), (4096, 500)])
def test_numbers_on_an_axis_are_round_and_few(steps, every):
    panel = plot_trace(trace_of([0] * steps)).axes[0]
    numbers = [str(number) for number in range(every, steps + 1, every)]
    assert [label.get_text() for label in panel.get_xticklabels()] == numbers


def test_a_picture_can_be_of_one_kind(tmp_path, learned_machine):
    plot_trace(trace(learned_machine, TASK, "ab"), tmp_path / "only", (".pdf",))
    assert [file.name for file in tmp_path.iterdir()] == ["only.pdf"]


def test_accuracy_by_length_is_a_line_for_each_machine_beside_the_training_lengths(tmp_path):
    by_length = {
        length: {"sequences": 10, "coarse": 1 / length, "fine": 1.0, "token": 1.0, "loss": 0.0}
        for length in range(1, 101)
    }
    report = Report(0.5, 1.0, 1.0, 0.0, by_length)
    coarse, fine = plot_lengths({"one": report, "other": report}, tmp_path / "lengths", (1, 10)).axes
    assert_drawn(tmp_path / "lengths", (8, 3))
    assert [line.get_label() for line in coarse.lines] == ["one", "other"]
    assert all(len(line.get_xdata()) <= 24 for line in coarse.lines)
    assert coarse.lines[0].get_ydata()[0] > coarse.lines[0].get_ydata()[-1]
    assert set(fine.lines[0].get_ydata()) == {1.0}


def drawn_pixels(figure, *colors):
    """Return the number of pixels of a figure in each of these colors."""
    image = np.round(255 * imread(BytesIO(figure._repr_png_()))[..., :3]).astype(int)
    wanted = [np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) for color in colors]
    return [int((np.abs(image - color).max(-1) <= 2).sum()) for color in wanted]


def test_lines_of_equal_accuracy_are_all_seen():
    by_length = {
        length: {"sequences": 10, "coarse": 1.0, "fine": 1.0, "token": 1.0, "loss": 0.0} for length in range(1, 101)
    }
    report = Report(1.0, 1.0, 1.0, 0.0, by_length)
    drawn = plot_lengths(dict.fromkeys(("GRU", "LSTM", "RNN", "hardened"), report))
    lines = drawn.axes[0].lines
    assert len({line.get_marker() for line in lines}) == 4
    assert sorted(line.get_markevery() for line in lines) == [(number, 4) for number in range(4)]  # they alternate
    assert min(drawn_pixels(drawn, *COLORS[:4])) > 800


def test_margins_are_drawn_for_each_action(tmp_path):
    rng = np.random.default_rng(0)
    drawn = plot_margins({"push": rng.uniform(0, 0.5, 99), "pop": np.full(99, 0.5)}, tmp_path / "margins")
    assert_drawn(tmp_path / "margins", (6, 3))
    assert [text.get_text() for text in drawn.axes[0].get_legend().get_texts()] == ["push", "pop"]


def test_a_figure_keeps_the_whole_name_it_is_given(tmp_path):
    plot_seeds({"RNN": [0.5]}, tmp_path / "seeds-0.1")
    assert {file.name for file in tmp_path.iterdir()} == {"seeds-0.1.png", "seeds-0.1.pdf"}


def test_a_link_in_the_place_of_a_figure_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_text("kept")
    (tmp_path / "margins.png").symlink_to(other)
    plot_margins({"push": np.array([0.5])}, tmp_path / "margins")
    assert other.read_text() == "kept"
    assert imread(tmp_path / "margins.png").size
    assert not (tmp_path / "margins.png").is_symlink()


def test_a_figure_that_cannot_be_drawn_leaves_no_file(tmp_path):
    with pytest.raises(KeyError):
        plot_curves({"broken": [{"step": 1, "validation": {}}]}, tmp_path / "curves")
    assert list(tmp_path.iterdir()) == []


def test_every_token_has_a_short_label_that_can_be_read(learned_machine):
    steps = trace(learned_machine, TASK, "a \n\0")["steps"]
    assert [step["given"] for step in steps][:6] == ["⊢", "a", "␣", r"\n", r"\x00", "|"]
    assert [step["wanted"] for step in steps][5:10] == [r"\x00", r"\n", "␣", "a", "⊣"]


def test_a_figure_without_a_path_writes_nothing_and_shows_itself_in_a_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = plot_seeds({"RNN": [0.5]})._repr_png_()
    assert imread(BytesIO(picture)).std() > 0.02
    assert list(tmp_path.iterdir()) == []

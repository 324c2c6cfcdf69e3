import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread

from neuralstack import Config, Reversal, complete
from neuralstack.analysis import _curves, _seeds, _trace, plot_curves, plot_seeds, plot_trace
from neuralstack.analysis._trace import readable
from neuralstack.training import Run
from neuralstack.training._build import machine_skeleton

pytest_plugins = ("small_runs",)

TASK = Reversal(8)


def assert_drawn(path, size):
    """Both files are there and show something; the picture has about the size in inches, at 150 dots per inch."""
    image = imread(path.with_name(path.name + ".png"))[..., :3]
    height, width = image.shape[:2]
    assert (width, height) == pytest.approx([150 * inches for inches in size], abs=2)
    assert image.std() > 0.02
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 10
    page = path.with_name(path.name + ".pdf").read_bytes()
    assert page.startswith(b"%PDF")
    assert len(page) > 3000


@pytest.fixture
def shown(monkeypatch):
    """The axes of the figures that are drawn in the test, in rows and columns."""
    drawn = []
    for module in (_curves, _seeds, _trace):
        whole = module.figure

        class watched:
            def __init__(self, *arguments, whole=whole):
                self.inner = whole(*arguments)

            def __enter__(self):
                figure, axes = self.inner.__enter__()
                drawn.append(axes)
                return figure, axes

            def __exit__(self, *error):
                return self.inner.__exit__(*error)

        monkeypatch.setattr(module, "figure", watched)
    return drawn


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


def test_curves_show_accuracy_and_loss_of_every_run(tmp_path, shown):
    plot_curves(CURVES, tmp_path / "figures" / "curves")
    assert_drawn(tmp_path / "figures" / "curves", (8, 3))
    ((accuracy, loss),) = shown[0]
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


def test_curves_of_a_real_run_are_those_in_its_metrics(tmp_path, learned, shown):
    records = Run.open(learned).metrics()
    plot_curves({"small": records}, tmp_path / "curves")
    assert_drawn(tmp_path / "curves", (8, 3))
    (line,) = shown[0][0, 0].lines
    assert points(line) == [(record["step"], record["validation"]["fine"]) for record in records]


def test_seeds_are_one_dot_each_and_counted(tmp_path, shown):
    plot_seeds({"GRU + stack": [1.0, 1.0, 0.25], "RNN": [0.125]}, tmp_path / "seeds")
    assert_drawn(tmp_path / "seeds", (7, 0.6 + 0.42 * 2))
    panel = shown[0][0, 0]
    assert [sorted(line.get_xdata()) for line in panel.lines] == [[0.25, 1, 1], [0.125]]
    assert [round(float(np.mean(line.get_ydata()))) for line in panel.lines] == [0, 1]
    assert len({y for _, y in points(panel.lines[0])}) == 3
    assert [text.get_text() for text in panel.texts] == ["2/3 perfect", "0/1 perfect"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["GRU + stack", "RNN"]


def test_a_trace_shows_what_was_pushed_popped_and_answered(tmp_path, learned_machine, shown):
    source = TASK.encode("ab c")
    plot_trace(learned_machine, TASK, source, tmp_path / "trace")
    assert_drawn(tmp_path / "trace", (6, 5.5))
    (actions,), (elements,) = shown[0]
    given = ["⊢", "a", "b", "␣", "c", "|", "c", "␣", "b", "a"]
    assert [label.get_text() for label in elements.get_xticklabels()] == given
    answered = [label.get_text() for label in actions.get_xticklabels()]
    assert answered == [""] * 5 + ["c", "␣", "b", "a", "⊣"]
    lines = {line.get_label(): line for line in actions.lines}
    tokens = jnp.array([*TASK.prompt(source), *TASK.answer(source)])
    trace = jax.jit(lambda machine, tokens: machine.trace(tokens))(learned_machine, tokens)
    np.testing.assert_allclose(lines["push strength"].get_ydata(), trace.action.push, atol=1e-5)
    np.testing.assert_allclose(lines["pop strength"].get_ydata(), trace.action.pop, atol=1e-5)
    (image,) = elements.images
    strengths = np.asarray(trace.strengths).T
    used = image.get_array().shape[0]
    np.testing.assert_allclose(image.get_array().filled(0), strengths[:used], atol=2e-3)
    assert strengths[used:].max(initial=0) < 1e-3


def test_a_machine_without_a_memory_has_nothing_to_trace(tmp_path):
    plain_machine = machine_skeleton(complete(Config("reversal", memory="none")))
    with pytest.raises(ValueError, match="a trace shows a memory's strengths, and NoMemory has none"):
        plot_trace(plain_machine, TASK, [1, 2], tmp_path / "trace")
    assert list(tmp_path.iterdir()) == []


def test_a_figure_keeps_the_whole_name_it_is_given(tmp_path):
    plot_seeds({"RNN": [0.5]}, tmp_path / "seeds-0.1")
    assert {file.name for file in tmp_path.iterdir()} == {"seeds-0.1.png", "seeds-0.1.pdf"}


def test_a_figure_that_cannot_be_drawn_leaves_no_file(tmp_path):
    with pytest.raises(KeyError):
        plot_curves({"broken": [{"step": 1, "validation": {}}]}, tmp_path / "curves")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("token", "label"), [(97, "a"), (32, "␣"), (10, r"\n"), (0, r"\x00"), (128, "⊢"), (129, "|"), (130, "⊣")]
)
def test_every_token_has_a_short_label_that_can_be_read(token, label):
    assert readable(TASK, token) == label

import json
from dataclasses import replace

import numpy as np
import pytest

from neuralstack.experiments import (
    EXPERIMENTS,
    _lesson as lesson,
    _lesson_network as network,
    _lesson_report as report,
    _lesson_strengths as strengths,
    _lesson_training as training,
)
from small import contents

CURE = training.Settings(bias=1.0, auxiliary=1.0, updates=300, goal=3)
TINY = training.Settings(updates=2, goal=2)


@pytest.mark.parametrize("auxiliary", [0.0, 0.5])
def test_gradients_equal_finite_differences(auxiliary):
    rng = np.random.default_rng(0)
    weights = network.begin(rng, bias=0.3, hidden=4, width=2)
    tokens, target = network.draw(rng, length=3, count=2)

    def total(name, place, change):
        changed = np.array(weights[name])
        changed[place] += change
        loss, guesses, _ = network.gradients(weights | {name: changed}, tokens, target, auxiliary)
        return loss + auxiliary * guesses

    _, _, found = network.gradients(weights, tokens, target, auxiliary)
    assert found.keys() == weights.keys()
    for name, weight in weights.items():
        slopes = np.zeros(weight.shape)
        for place in np.ndindex(weight.shape):
            slopes[place] = (total(name, place, 1e-5) - total(name, place, -1e-5)) / 2e-5
        np.testing.assert_allclose(found[name], slopes, rtol=0, atol=1e-8, err_msg=name)


def test_the_loss_and_its_gradient_are_finite_however_sure_and_wrong_a_network_is():
    rng = np.random.default_rng(0)
    weights = {name: 1e4 * weight for name, weight in network.begin(rng).items()}
    loss, guesses, slopes = network.gradients(weights, *network.draw(rng, length=3, count=4), auxiliary=1.0)
    assert loss > 100
    assert np.isfinite(guesses)
    assert all(np.isfinite(slope).all() for slope in slopes.values())


def test_the_first_update_of_adam_is_the_rate_against_the_sign_of_the_gradient():
    weights = {"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}
    moments = {name: np.zeros((2, *weight.shape)) for name, weight in weights.items()}
    slopes = {"a": np.array([30.0, -40.0]), "b": np.array([[0.0]])}
    new, kept = training.adam(weights, moments, slopes, 1)
    np.testing.assert_allclose(new["a"], [1 - training.RATE, 2 + training.RATE], rtol=1e-6)
    np.testing.assert_array_equal(new["b"], weights["b"])
    np.testing.assert_allclose(kept["a"][0], [0.1 * 0.6, 0.1 * -0.8])  # the gradient's norm is cut to 1


@pytest.mark.slow
def test_with_the_cure_a_network_learns_to_push_while_it_reads_and_to_pop_while_it_answers():
    trained = training.train(CURE, seed=4)
    assert trained.longest == 3
    right, used = training.measure(trained.weights, 3, count=50)
    assert right > 0.9
    reading, answering = used[:3].mean(0), used[-3:].mean(0)
    assert reading[0] > 0.8
    assert reading[1] < 0.3
    assert answering[0] < 0.3
    assert answering[1] > 0.7


def test_a_training_is_the_same_again_and_depends_on_its_seed():
    settings = replace(TINY, updates=5)
    one, same, other = (training.train(settings, seed).weights["control"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.slow
def test_without_a_network_descent_finds_the_strengths_from_good_starts_only():
    found = strengths.strengths_without_a_network()
    assert found["golden"] == {"strengths": [[0.8, 0, 0], [0.7, 0.5, 0], [0.3, 0, 0.9]], "reads": [0.8, 1.5, 2.8]}
    for one in (found["pops"], *found["both"][:2], found["layer"]):
        assert one["loss"] < strengths.LEARNED < one["first_loss"]
        np.testing.assert_allclose(one["push"], strengths.PUSH, atol=0.1)
        np.testing.assert_allclose(one["pop"][1:], strengths.POP[1:], atol=0.1)
    assert found["both"][2]["loss"] > strengths.LEARNED
    learned = [seed for seed, loss in enumerate(found["random_layers"]) if loss < strengths.LEARNED]
    assert learned[:4] == [0, 1, 3, 7]  # as docs/guide/lesson.md says
    assert len(found["random_layers"]) == strengths.LAYER_SEEDS


@pytest.fixture
def tiny(monkeypatch):
    """The experiment with two updates wherever anything is learned, and two seeds."""
    monkeypatch.setattr(strengths, "LAYER_SEEDS", 2)
    monkeypatch.setattr(strengths, "UPDATES", 2)
    monkeypatch.setattr(strengths, "LAYER_UPDATES", 2)
    variants = tuple(
        replace(one, settings=replace(one.settings, updates=2, goal=2), seeds=2) for one in lesson.VARIANTS
    )
    monkeypatch.setattr(lesson, "VARIANTS", variants)
    return variants


@pytest.mark.slow
def test_the_experiment_writes_a_result_and_a_figure_and_does_not_train_again(tiny, tmp_path, monkeypatch, capsys):
    path = tmp_path / "run"
    result = lesson.reproduce(path)
    assert json.loads((path / "result.json").read_text()) == json.loads(json.dumps(result))
    assert result["command"] == "neuralstack reproduce lesson"
    assert result["versions"].keys() == {"neuralstack", "jax", "equinox", "optax", "numpy"}
    assert list(result["arms"]) == ["plain", "biases", "auxiliary", "cure"]
    for arm in result["arms"].values():
        assert [run["seed"] for run in arm["runs"]] == [0, 1]
        assert all(len(run["push"]) == len(run["pop"]) == 5 and run["seconds"] > 0 for run in arm["runs"])
        assert all(run["right"].keys() == {"2", "4"} for run in arm["runs"])
    assert (path / "strengths.png").stat().st_size > 5000
    assert (path / "strengths.pdf").read_bytes().startswith(b"%PDF")
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if str(path) not in line) <= 80
    assert "the cure: 0 of 2 seeds learned" in lines

    (path / "cure" / "1" / "result.json").unlink()
    before, trained = contents(path / "plain"), []
    once = lesson.train_seed
    monkeypatch.setattr(lesson, "train_seed", lambda *what: trained.append(what) or once(*what))
    again = lesson.reproduce(path)
    assert trained == [(tiny[-1].settings, 1)]
    assert contents(path / "plain") == before
    assert again["arms"]["plain"] == result["arms"]["plain"]
    del again["arms"]["cure"]["runs"][1]["seconds"], result["arms"]["cure"]["runs"][1]["seconds"]
    assert again["arms"]["cure"] == result["arms"]["cure"]


def test_a_result_of_other_settings_is_refused(tmp_path):
    variant = lesson.Variant("plain", "no cure", TINY, seeds=1)
    list(lesson.train_seeds(variant, tmp_path))
    with pytest.raises(ValueError, match=r"needed is .*'goal': 3.*: give another --out, or remove it"):
        list(lesson.train_seeds(replace(variant, settings=replace(TINY, goal=3)), tmp_path))


@pytest.mark.slow
def test_a_quick_run_on_top_of_a_whole_one_is_refused_and_changes_nothing(tiny, tmp_path):
    lesson.reproduce(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="give another --out"):
        lesson.reproduce(tmp_path, quick=True)
    assert contents(tmp_path) == before


def test_a_file_in_the_place_of_the_directory_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(lesson, "strengths_without_a_network", None)
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        lesson.reproduce(tmp_path / "file")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_broken_result_is_refused(tmp_path, text):
    file = tmp_path / "plain" / "0" / "result.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ValueError, match=r"is broken .*: remove it, and the seed is trained again"):
        list(lesson.train_seeds(lesson.Variant("plain", "no cure", TINY, seeds=1), tmp_path))


def run_of(right, longest):
    """What a seed gave, made by hand: it pushes while it reads, and pops while it answers if it learned."""
    popped = 1.0 if right > 0.9 else 0.25
    return {
        "seed": 0, "settings": {"goal": 2}, "longest": longest, "updates": 9, "seconds": 1.0,
        "right": {"2": right, "4": 0.5}, "push": [1.0, 1.0, 0.5, 0.0, 0.0], "pop": [0.0, 0.0, 0.5, popped, popped],
    }  # fmt: skip


def test_the_tables_hold_our_numbers_beside_what_the_tutorial_says(tiny):
    runs = [run_of(1.0, 2), run_of(0.9, 1), run_of(0.91, 2)]
    arms = {one.name: lesson.summarize(one, runs) for one in tiny}
    tables = report.table_rows({"strengths": strengths.strengths_without_a_network(), "arms": arms})
    assert all(len(row) == len(columns) for _, columns, rows in tables for row in rows)
    golden, descents, layers, seeds, used = (rows for _, _, rows in tables)
    assert golden[2] == ("3", "0.9", "0.9", "3.0", "0.3 0.0 0.9", "0.3 0.0 0.9", "2.8", "2.8")
    assert descents[0] == ("wanted", "0.000", "1.0 1.0 1.0 0.0 0.0 0.0", "- 0.0 0.0 1.0 1.0 1.0")
    assert [row[0] for row in descents[1:]] == [
        "pops, 0.45", "both, 0.6 0.35", "both, 0.5 0.3", "both, 0.9 0.1", "layer, ±0.4",
    ]  # fmt: skip
    assert layers[0][:2] == ("2", "0")
    assert seeds[0] == ("no cure", "this run", "2", "0.91", "0.50", "2 of 3", "0.21-0.94")
    assert seeds[-1][:3] == ("no cure", "tutorial", "19")
    assert used[:3] == [
        ("no cure: 1 did not", "this run", "1.00", "0.00", "0.00", "0.25"),
        ("no cure: 2 learned", "this run", "1.00", "0.00", "0.00", "1.00"),
        ("no cure", "tutorial", "always", "half", "always", "half"),
    ]
    assert used[-1] == ("the cure", "tutorial", "near 1", "near 0", "near 0", "near 1")


def test_the_whole_experiment_measures_each_half_of_the_cure_from_twenty_seeds():
    assert [(one.settings.bias, one.settings.auxiliary) for one in lesson.VARIANTS] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert {one.seeds for one in lesson.VARIANTS} == {20}
    assert {(one.settings.updates, one.settings.goal) for one in lesson.VARIANTS} == {(1500, 10)}
    assert EXPERIMENTS["lesson"] is lesson.reproduce


def test_the_quick_experiment_has_the_same_variants_with_fewer_seeds_and_shorter_strings():
    for quick, whole in zip(lesson.quick_variants(), lesson.VARIANTS, strict=True):
        assert (quick.name, quick.label) == (whole.name, whole.label)
        assert quick.seeds < whole.seeds
        assert quick.settings.updates < whole.settings.updates
        assert quick.settings.goal < whole.settings.goal
        assert replace(quick.settings, updates=1500, goal=10) == whole.settings

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cases import quick
from lesson import __main__ as program, network, report, seeds, strengths, training
from small import contents

CURE = training.Settings(bias=1.0, auxiliary=1.0, updates=300, goal=3)
TINY = training.Settings(updates=2, goal=2)
TINY_VARIANTS = tuple(
    replace(variant, settings=replace(variant.settings, updates=2, goal=2), seeds=2) for variant in seeds.VARIANTS
)
learn_a_little = partial(strengths.learn_strengths, updates=2, layer_updates=2, layer_seeds=2)


@pytest.mark.parametrize("auxiliary", quick([0.0, 0.5], 0.5))
def test_the_gradient_equals_finite_differences(auxiliary):
    rng = np.random.default_rng(0)
    weights = network.init_weights(rng, bias=0.3, hidden_dim=4, width=2)
    tokens, targets = network.draw_batch(rng, length=3, batch_size=2)

    def total(name, place, change):
        changed = np.array(weights[name])
        changed[place] += change
        loss, auxiliary_loss, _ = network.loss_and_gradient(weights | {name: changed}, tokens, targets, auxiliary)
        return loss + auxiliary * auxiliary_loss

    _, _, gradient = network.loss_and_gradient(weights, tokens, targets, auxiliary)
    assert gradient.keys() == weights.keys()
    for name, weight in weights.items():
        differences = np.zeros(weight.shape)
        for place in np.ndindex(weight.shape):
            differences[place] = (total(name, place, 1e-5) - total(name, place, -1e-5)) / 2e-5
        np.testing.assert_allclose(gradient[name], differences, rtol=0, atol=1e-8, err_msg=name)


def test_the_loss_and_its_gradient_are_finite_however_sure_and_wrong_a_network_is():
    rng = np.random.default_rng(0)
    weights = {name: 1e4 * weight for name, weight in network.init_weights(rng).items()}
    batch = network.draw_batch(rng, length=3, batch_size=4)
    loss, auxiliary_loss, gradient = network.loss_and_gradient(weights, *batch, auxiliary=1.0)
    assert loss > 100
    assert np.isfinite(auxiliary_loss)
    assert all(np.isfinite(part).all() for part in gradient.values())


def test_the_first_update_of_adam_is_the_learning_rate_against_the_sign_of_the_gradient():
    weights = {"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}
    moments = {name: np.zeros((2, *weight.shape)) for name, weight in weights.items()}
    gradient = {"a": np.array([30.0, -40.0]), "b": np.array([[0.0]])}
    new, kept = training.adam(weights, moments, gradient, 1)
    np.testing.assert_allclose(new["a"], [1 - training.LEARNING_RATE, 2 + training.LEARNING_RATE], rtol=1e-6)
    np.testing.assert_array_equal(new["b"], weights["b"])
    np.testing.assert_allclose(kept["a"][0], [0.1 * 0.6, 0.1 * -0.8])  # the gradient's norm is clipped to 1


@pytest.mark.slow
def test_with_the_cure_a_network_learns_to_push_while_it_reads_and_to_pop_while_it_answers():
    trained = training.train(CURE, seed=4)
    assert trained.longest == 3
    right, used = training.evaluate(trained.weights, 3, count=50)
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
    found = strengths.learn_strengths()
    assert found["golden"] == {"strengths": [[0.8, 0, 0], [0.7, 0.5, 0], [0.3, 0, 0.9]], "reads": [0.8, 1.5, 2.8]}
    for descent in (found["pops"], *found["both"][:2], found["layer"]):
        assert descent["loss"] < strengths.LEARNED < descent["first_loss"]
        np.testing.assert_allclose(descent["push"], strengths.PUSH, atol=0.1)
        np.testing.assert_allclose(descent["pop"][1:], strengths.POP[1:], atol=0.1)
    assert found["both"][2]["loss"] > strengths.LEARNED
    learned = [seed for seed, loss in enumerate(found["random_layers"]) if loss < strengths.LEARNED]
    assert learned[:4] == [0, 1, 3, 7]  # as docs/guide/lesson.md says
    assert len(found["random_layers"]) == strengths.LAYER_SEEDS


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The whole program with only two updates per training, and two seeds of each variant."""
    path = tmp_path_factory.mktemp("lesson") / "run"
    return path, seeds.run_lesson(path, TINY_VARIANTS, learn=learn_a_little)


def test_the_result_holds_every_seed_of_every_variant(tiny):
    path, result = tiny
    assert json.loads((path / "result.json").read_text()) == json.loads(json.dumps(result))
    assert result["command"] == "python -m examples.lesson"
    assert result["versions"].keys() == {"neuralstack", "numpy"}
    assert list(result["variants"]) == ["plain", "biases", "auxiliary", "cure"]
    for variant in result["variants"].values():
        assert [run["seed"] for run in variant["runs"]] == [0, 1]
        assert all(len(run["push"]) == len(run["pop"]) == 5 and run["seconds"] > 0 for run in variant["runs"])
        assert all(run["right"].keys() == {"2", "4"} for run in variant["runs"])


def test_the_figure_is_drawn_and_the_tables_fit_a_terminal(tiny, tmp_path):
    _, result = tiny
    report.draw_strengths(result, tmp_path / "strengths")
    assert (tmp_path / "strengths.png").stat().st_size > 5000
    assert (tmp_path / "strengths.pdf").read_bytes().startswith(b"%PDF")
    assert max(len(line) for table in report.tables(result) for line in str(table).splitlines()) <= 80


def test_a_seed_that_has_a_file_is_not_trained_again(tiny, capsys):
    path, result = tiny
    (path / "cure" / "1.json").unlink()
    before = contents(path / "plain")
    again = seeds.run_lesson(path, TINY_VARIANTS, learn=learn_a_little)
    assert "the cure: 0 of 2 seeds learned, of 2 to train" in capsys.readouterr().out.splitlines()
    assert contents(path / "plain") == before
    assert again["variants"]["plain"] == result["variants"]["plain"]
    retrained, before = (one["variants"]["cure"]["runs"][1] for one in (again, result))
    assert {**retrained, "seconds": 0} == {**before, "seconds": 0}


def test_files_of_other_settings_are_refused_and_stay(tiny):
    path, _ = tiny
    before = contents(path)
    longer = [replace(variant, settings=replace(variant.settings, goal=3)) for variant in TINY_VARIANTS]
    with pytest.raises(ValueError, match=r"this run needs .*'goal': 3.*: choose another directory, or remove the file"):
        seeds.run_lesson(path, longer, learn=learn_a_little)
    assert contents(path) == before


def test_a_file_in_the_place_of_the_directory_is_refused_before_anything_is_trained(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        seeds.run_lesson(tmp_path / "file", learn=pytest.fail)


def test_the_program_names_a_path_that_it_cannot_use(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert program.main(["--quick", "--out", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_broken_file_is_refused(tmp_path, text):
    file = tmp_path / "plain" / "0.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ValueError, match=r"is broken .*: remove it to train the seed again"):
        list(seeds.train_seeds(seeds.Variant("plain", "no cure", TINY, seeds=1), tmp_path))


def run_of(right, longest):
    """A handmade result of one seed: it pushes while it reads and, if it learned, pops while it answers."""
    popped = 1.0 if right > 0.9 else 0.25
    return {
        "seed": 0, "settings": {"goal": 2}, "longest": longest, "updates": 9, "seconds": 1.0,
        "right": {"2": right, "4": 0.5}, "push": [1.0, 1.0, 0.5, 0.0, 0.0], "pop": [0.0, 0.0, 0.5, popped, popped],
    }  # fmt: skip


def test_the_tables_hold_our_numbers_beside_the_tutorials():
    runs = [run_of(1.0, 2), run_of(0.9, 1), run_of(0.91, 2)]
    variants = {variant.name: seeds.summarize(variant, runs) for variant in TINY_VARIANTS}
    tables = report.tables({"strengths": learn_a_little(), "variants": variants})
    golden, descents, layers, outcomes, used = (table.rows for table in tables)
    assert golden[2] == ("3", "0.9", "0.9", "3.0", "0.3 0.0 0.9", "0.3 0.0 0.9", "2.8", "2.8")
    assert descents[0] == ("wanted", "0.000", "1.0 1.0 1.0 0.0 0.0 0.0", "- 0.0 0.0 1.0 1.0 1.0")
    assert [row[0] for row in descents[1:]] == [
        "pops, 0.45", "both, 0.6 0.35", "both, 0.5 0.3", "both, 0.9 0.1", "layer, ±0.4",
    ]  # fmt: skip
    assert layers[0][:2] == ("2", "0")
    assert outcomes[0] == ("no cure", "this run", "2", "0.91", "0.50", "2 of 3", "0.21-0.94")
    assert outcomes[-1][:3] == ("no cure", "tutorial", "19")
    assert used[:3] == [
        ("no cure: 1 did not", "this run", "1.00", "0.00", "0.00", "0.25"),
        ("no cure: 2 learned", "this run", "1.00", "0.00", "0.00", "1.00"),
        ("no cure", "tutorial", "always", "half", "always", "half"),
    ]
    assert used[-1] == ("the cure", "tutorial", "near 1", "near 0", "near 0", "near 1")


def test_each_half_of_the_cure_is_measured_from_twenty_seeds():
    settings = [variant.settings for variant in seeds.VARIANTS]
    assert [(one.bias, one.auxiliary) for one in settings] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert {variant.seeds for variant in seeds.VARIANTS} == {20}
    assert {(one.updates, one.goal) for one in settings} == {(1500, 10)}


def test_the_quick_run_has_the_same_variants_with_fewer_seeds_and_shorter_strings():
    for short, whole in zip(seeds.QUICK, seeds.VARIANTS, strict=True):
        assert (short.name, short.label) == (whole.name, whole.label)
        assert short.seeds < whole.seeds
        assert short.settings.updates < whole.settings.updates
        assert short.settings.goal < whole.settings.goal
        assert replace(short.settings, updates=1500, goal=10) == whole.settings

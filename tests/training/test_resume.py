import signal

import numpy as np
import pytest

from cases import quick
from neuralstack import train
from neuralstack.training import Run, resume, with_options
from small import SMALL, assert_same_run, contents, without_seconds

pytest_plugins = ("small_runs",)

# The steps at which the loop checks for interrupts: at evaluations, between them, and at the end.
CONFIG = with_options(SMALL, max_steps=20, evaluate_every=8)
LOOKS = (8, 10, 16, 20)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    path = tmp_path_factory.mktemp("straight") / "run"
    train(CONFIG, path, show=False)
    return Run.open(path)


@pytest.mark.slow
def test_a_run_that_is_given_more_steps_ends_as_if_it_had_had_them_from_the_start(tmp_path):
    config = with_options(CONFIG, evaluate_every=5)
    assert train(with_options(config, max_steps=10), tmp_path / "parts", show=False).steps == 10
    outcome = train(config, tmp_path / "parts", resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("done", 20)
    train(config, tmp_path / "straight", show=False)
    assert_same_run(Run(tmp_path / "parts"), Run(tmp_path / "straight"))
    assert [record["step"] for record in Run(tmp_path / "parts").metrics()] == [5, 10, 15, 20]


STEPS = {"at an evaluation": 16, "between evaluations": 10}


@pytest.mark.parametrize("when", quick(STEPS, "between evaluations"))
def test_an_interrupted_run_continues_as_if_it_had_never_stopped(tmp_path, press_at, straight, when):
    step = STEPS[when]
    outcome = train(CONFIG, tmp_path / "run", show=False, progress=press_at(step))
    assert (outcome.status, outcome.steps) == ("interrupted", step)
    assert outcome.message == f"interrupted at step {step}; it can be resumed"
    assert train(CONFIG, tmp_path / "run", resume=True, show=False).status == "done"
    assert_same_run(Run(tmp_path / "run"), straight)


def test_a_program_can_stop_a_training_which_then_continues_as_if_it_had_never_stopped(tmp_path, straight):
    outcome = train(CONFIG, tmp_path / "run", show=False, stop=lambda: True)
    assert (outcome.status, outcome.steps) == ("interrupted", LOOKS[0])
    assert train(CONFIG, tmp_path / "run", resume=True, show=False, stop=lambda: False).status == "done"
    assert_same_run(Run(tmp_path / "run"), straight)


@pytest.mark.slow
def test_a_run_that_is_interrupted_at_every_chance_ends_like_one_that_never_was(tmp_path, press_at, straight):
    press = press_at(*LOOKS)
    outcomes = [train(CONFIG, tmp_path / "run", resume=True, show=False, progress=press) for _ in LOOKS]
    assert [outcome.steps for outcome in outcomes] == list(LOOKS)
    assert [outcome.status for outcome in outcomes] == ["interrupted"] * 3 + ["done"]
    assert_same_run(Run(tmp_path / "run"), straight)


def test_an_interrupted_run_has_a_model_even_before_its_first_evaluation(tmp_path, press_at):
    train(with_options(CONFIG, evaluate_every=16), tmp_path / "run", show=False, progress=press_at(10))
    run = Run(tmp_path / "run")
    assert run.metrics() == []
    assert run.load_model()([0]).shape == (1, 131)


@pytest.mark.parametrize("presses", quick([(), (10,)], (10,)), ids=["a whole training", "an interrupted training"])
def test_ctrl_c_means_after_training_what_it_meant_before(tmp_path, press_at, presses):
    before = signal.getsignal(signal.SIGINT)
    train(with_options(CONFIG, max_steps=12), tmp_path / "run", show=False, progress=press_at(*presses))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once_and_the_run_can_still_be_resumed(tmp_path, press_at, straight):
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, tmp_path / "run", show=False, progress=press_at(10, times=2))
    assert Run(tmp_path / "run").load_checkpoint().step == 8
    train(CONFIG, tmp_path / "run", resume=True, show=False)
    assert_same_run(Run(tmp_path / "run"), straight)


def test_resuming_a_finished_run_trains_no_further_and_changes_no_file(straight):
    before = contents(straight.path)
    outcome = train(CONFIG, straight.path, resume=True, show=False)
    assert (outcome.status, outcome.steps) == ("done", 20)
    assert outcome.seconds == straight.metrics()[-1]["seconds"]
    assert contents(straight.path) == before


@pytest.mark.slow
def test_resuming_what_is_not_there_yet_begins_it(tmp_path, straight):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        train(CONFIG, tmp_path / name, resume=True, show=False)
        assert_same_run(Run(tmp_path / name), straight)


OTHER = {"seed": 1, "batch_size": 7, "controller": "lstm", "learning_rate": 0.5, "evaluate_every": 5, "log_test": True}


@pytest.mark.parametrize("name", OTHER)
def test_a_run_cannot_be_resumed_as_another(straight, name):
    before = contents(straight.path)
    with pytest.raises(
        ValueError, match=rf"was started with (\w+\.)?{name}=.*, not {OTHER[name]!r}: .* or start another run"
    ):
        train(with_options(CONFIG, **{name: OTHER[name]}), straight.path, resume=True, show=False)
    assert contents(straight.path) == before


def test_metrics_tell_where_each_evaluation_stood(straight):
    records = straight.metrics()
    assert [record["step"] for record in records] == [8, 16, 20]
    assert {record["attempt"] for record in records} == {0}
    seconds = [record["seconds"] for record in records]
    assert 0 < seconds[0] < seconds[1] < seconds[2]
    for record in records:
        assert 0 <= record["accuracy"] <= 1
        assert 0 < record["loss"] < 6
        assert record["validation"].keys() == {"coarse", "fine", "token", "loss"}
        assert "test" not in record


def test_the_loss_in_the_metrics_is_the_mean_since_the_evaluation_before(tmp_path, straight):
    train(with_options(CONFIG, evaluate_every=4, max_steps=8), tmp_path / "run", show=False)
    first, second = Run(tmp_path / "run").metrics()
    longer = straight.metrics()[0]
    assert longer["loss"] == pytest.approx((first["loss"] + second["loss"]) / 2, rel=1e-5)
    assert longer["validation"] == second["validation"]


@pytest.mark.slow
def test_a_second_run_of_the_same_configuration_is_the_same(tmp_path, straight):
    train(CONFIG, tmp_path / "run", show=False)
    assert_same_run(Run(tmp_path / "run"), straight)
    train(with_options(CONFIG, seed=1), tmp_path / "other", show=False)
    assert without_seconds(Run(tmp_path / "other")) != without_seconds(straight)


def test_seeds_share_their_compiled_programs(tmp_path, straight, caplog):
    import jax

    with jax.log_compiles():
        options = {"seed": 1, "max_steps": 12, "evaluate_every": 6, "stop_after_perfect": 1, "restart_after": 5}
        train(with_options(CONFIG, **options), tmp_path / "run", show=False)
        assert "Compiling" not in caplog.text
        jax.jit(lambda x: x + 2)(1.0).block_until_ready()
    assert "Compiling" in caplog.text


@pytest.mark.slow
def test_a_run_stopped_at_any_step_ends_like_one_that_never_was(tmp_path):
    """The critical moment is between an evaluation that makes a restart due and the restart itself."""
    config = with_options(CONFIG, evaluate_every=2, restart_after=4, max_steps=12)
    train(config, tmp_path / "straight", show=False)
    for stop in range(2, 12, 2):
        path = tmp_path / str(stop)
        train(with_options(config, max_steps=stop), path, show=False)
        resume(path, max_steps=12, show=False)
        assert_same_run(Run(path), Run(tmp_path / "straight"))


def test_a_run_is_resumed_from_its_directory_alone(tmp_path, straight):
    train(with_options(CONFIG, max_steps=16), tmp_path / "run", show=False)
    assert resume(tmp_path / "run", show=False).steps == 16
    assert resume(tmp_path / "run", max_steps=20, show=False).steps == 20
    assert_same_run(Run(tmp_path / "run"), straight)
    assert Run(tmp_path / "run").config() == straight.config()


def test_a_run_cannot_be_trained_twice_at_once(tmp_path):
    def train_too(record):
        with pytest.raises(ValueError, match="is being trained by another process"):
            resume(tmp_path / "run", max_steps=2, show=False)
        refused.append(record["step"])

    refused = []
    train(with_options(CONFIG, max_steps=1), tmp_path / "run", show=False, progress=train_too)
    resume(tmp_path / "run", max_steps=2, show=False, progress=train_too)
    assert refused == [1, 2]


def test_progress_is_told_at_every_look_and_evaluations_as_they_are_kept(tmp_path):
    told = []
    train(CONFIG, tmp_path / "run", show=False, progress=told.append)
    assert tuple(record["step"] for record in told) == LOOKS
    assert [record for record in told if "validation" in record] == Run(tmp_path / "run").metrics()
    between = told[1]
    assert between.keys() == {"step", "attempt", "warmed_up", "loss", "accuracy", "seconds"}
    assert 0 < between["loss"] < 6
    assert told[0]["seconds"] < between["seconds"] < told[2]["seconds"]


def test_what_progress_raises_ends_the_training(tmp_path):
    def give_up(record):
        raise LookupError("not promising")

    with pytest.raises(LookupError, match="not promising"):
        train(CONFIG, tmp_path / "run", show=False, progress=give_up)
    assert Run(tmp_path / "run").load_checkpoint().step == 8


def test_a_warm_start_begins_with_the_weights_of_another_run(tmp_path, straight):
    config = with_options(CONFIG, learning_rate=1e-4, max_steps=1, seed=3)
    train(config, tmp_path / "warm", warm_start=straight.path, show=False)
    before, after = straight.load_model(), Run(tmp_path / "warm").load_model()
    np.testing.assert_allclose(after.embedding, before.embedding, atol=2e-4)
    with pytest.raises(ValueError, match="other parts or sizes"):
        train(with_options(config, hidden_dim=8), tmp_path / "other", warm_start=straight.path, show=False)
    assert not (tmp_path / "other").exists()

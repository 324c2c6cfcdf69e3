"""Callbacks: what they are called with, when, and that an error of theirs costs nothing that was trained."""

import json
import math
import threading

import jax
import pytest

import neuralstack as ns
from neuralstack.training import Run, resume, resume_sweep, with_options
from small import SMALL, assert_same_run

pytest_plugins = ("small_runs",)

CONFIG = with_options(SMALL, max_steps=20, evaluate_every=8)
STEPS = [8, 16, 20]


class Notes(ns.Callback):
    """Notes every call, and raises an error at one of them if asked to."""

    def __init__(self, fails_at=None, calls=None, name=None):
        self.fails_at, self.calls, self.name = fails_at, [] if calls is None else calls, name

    def note(self, what, value):
        self.calls.append((self.name, what, value) if self.name else (what, value))
        if what == self.fails_at or (what, value[0] if isinstance(value, tuple) else None) == self.fails_at:
            raise RuntimeError(f"no {what}")

    def on_start(self, config):
        self.note("start", config)

    def on_evaluation(self, step, metrics):
        self.note("evaluation", (step, metrics))

    def on_end(self, outcome):
        self.note("end", outcome)

    def of_member(self, name):
        return Notes(self.fails_at, self.calls, name)


def evaluations(notes):
    return [value for what, value in notes.calls if what == "evaluation"]


def flat(record):
    """Return what a line of metrics.jsonl holds apart from its step, with slashes in place of nesting."""
    numbers = {name: value for name, value in record.items() if not isinstance(value, dict)}
    for name in record.keys() - numbers.keys():
        numbers |= {f"{name}/{inner}": number for inner, number in record[name].items()}
    return {name: math.nan if number is None else float(number) for name, number in numbers.items() if name != "step"}


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path, notes = tmp_path_factory.mktemp("followed") / "run", Notes()
    outcome = ns.train(CONFIG, path, show=False, callbacks=[notes])
    return path, notes, outcome


def test_a_callback_gets_the_numbers_of_every_evaluation_between_the_start_and_the_outcome(trained):
    path, notes, outcome = trained
    assert notes.calls[0] == ("start", ns.complete(CONFIG))
    assert notes.calls[-1] == ("end", outcome)
    assert evaluations(notes) == [(record["step"], flat(record)) for record in lines(path)]
    assert [step for step, _ in evaluations(notes)] == STEPS
    assert evaluations(notes)[0][1].keys() == {
        "attempt", "warmed_up", "loss", "accuracy", "gradient_variance", "seconds", "validation/coarse",
        "validation/fine", "validation/token", "validation/loss",
    }  # fmt: skip


def test_callbacks_are_called_in_order_in_the_thread_that_trains_when_the_evaluation_is_on_disk(tmp_path):
    calls = []

    class Looks:
        def __init__(self, name):
            self.name = name

        def on_evaluation(self, step, metrics):
            run = Run(tmp_path / "run")
            calls.append((self.name, step, threading.current_thread(), run.metrics()[-1]["step"]))
            assert int(run.load_checkpoint().step) == step
            assert run.file("model.safetensors").exists()
            metrics.clear()  # of no consequence for the next

    ns.train(with_options(CONFIG, max_steps=8), tmp_path / "run", show=False, callbacks=[Looks("a"), Looks("b")])
    assert calls == [(name, 8, threading.current_thread(), 8) for name in "ab"]


def test_a_resumed_run_passes_on_new_evaluations_only_and_one_that_has_ended_none(tmp_path, press_at):
    first, second, third = Notes(), Notes(), Notes()
    ns.train(CONFIG, tmp_path / "run", show=False, callbacks=[first], progress=press_at(10))
    assert first.calls[-1][1].status == "interrupted"
    resume(tmp_path / "run", show=False, callbacks=[second])
    resume(tmp_path / "run", show=False, callbacks=[third])
    steps = [[step for step, _ in evaluations(notes)] for notes in (first, second, third)]
    assert steps == [[8], [16, 20], []]
    assert third.calls == []


@pytest.mark.parametrize("fails_at", [("evaluation", 8), ("evaluation", 20), "end"])
def test_a_callback_that_raises_stops_training_with_its_error_and_leaves_a_run_to_resume(tmp_path, trained, fails_at):
    before, failing, after = Notes(), Notes(fails_at), Notes()
    with pytest.raises(RuntimeError, match="no e"):
        ns.train(CONFIG, tmp_path / "run", show=False, callbacks=[before, failing, after])
    ends = [notes.calls[-1] for notes in (before, failing, after)]
    assert [what for what, _ in ends] == ["end"] * 3
    assert all((outcome is None) == (fails_at != "end") for _, outcome in ends)
    assert resume(tmp_path / "run", show=False).status == "done"
    assert_same_run(Run(tmp_path / "run"), Run(trained[0]))


def test_a_callback_that_cannot_start_refuses_the_run_and_nothing_of_it_is_left(tmp_path):
    before, failing = Notes(), Notes("start")
    with pytest.raises(RuntimeError, match="no start"):
        ns.train(CONFIG, tmp_path / "run", show=False, callbacks=[before, failing])
    assert not (tmp_path / "run").exists()
    assert [what for what, _ in before.calls] == ["start", "end"]
    assert [what for what, _ in failing.calls] == ["start"]


def test_each_member_of_a_sweep_has_callbacks_of_its_own(tmp_path):
    notes, shared = Notes(), []

    class Counts:
        def on_evaluation(self, step, metrics):
            shared.append(step)

    config = with_options(CONFIG, max_steps=16)
    ns.sweep(ns.grid(config, seeds=2), tmp_path / "sweep", show=False, callbacks=[notes, Counts()])
    for name in ("seed-0", "seed-1"):
        own = [call[1:] for call in notes.calls if call[0] == name]
        assert [what for what, _ in own] == ["start", "evaluation", "evaluation", "end"]
        assert own[0][1].seed == int(name[-1])
        assert [value for what, value in own if what == "evaluation"] == [
            (record["step"], flat(record)) for record in lines(tmp_path / "sweep" / name)
        ]
    assert shared == [8, 8, 16, 16]
    notes.calls.clear()
    resume_sweep(tmp_path / "sweep", seeds=3, show=False, callbacks=[notes])
    assert {name for name, *_ in notes.calls} == {"seed-2"}


def test_an_executor_which_trains_elsewhere_takes_no_callbacks(tmp_path):
    with ns.LocalWorkers(1) as workers, pytest.raises(ValueError, match="callbacks follow trainings in this process"):
        ns.sweep(ns.grid(CONFIG, seeds=2), tmp_path / "sweep", executor=workers, callbacks=[Notes()])
    assert not (tmp_path / "sweep").exists()


def fit(**options):
    key, task = jax.random.key(0), ns.Reversal(max_length=4)
    machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
    return ns.fit(machine, task, lengths=(1, 4), batch_size=2, max_steps=4, evaluate_every=2, key=key, **options)


def test_fit_calls_them_with_the_records_of_its_history():
    notes = Notes()
    fitted = fit(callbacks=[notes])
    assert notes.calls[0] == ("start", None)
    assert notes.calls[-1] == ("end", fitted)
    assert evaluations(notes) == [(record["step"], flat(record)) for record in fitted.history]


def test_fit_stops_with_the_error_of_a_callback_and_ends_the_others():
    before, failing = Notes(), Notes(("evaluation", 2))
    with pytest.raises(RuntimeError, match="no evaluation"):
        fit(callbacks=[before, failing])
    assert [what for what, _ in before.calls] == ["start", "evaluation", "end"]
    assert before.calls[-1] == ("end", None)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("given", "message"),
    [([print], "got an object of type builtin_function"), (Notes(), "got an object of type Notes"),
     ([Notes], "got the class Notes"), ("TensorBoard", "got the name 'TensorBoard'")],
    ids=["no callback", "no list", "a class", "a name"],
)  # fmt: skip
def test_what_is_no_list_of_callbacks_is_refused_before_anything_is_written(tmp_path, given, message):
    needed = r"callbacks must be a list of objects with a method on_evaluation\(step, metrics\), such as .*, "
    with pytest.raises(TypeError, match=needed + message):
        ns.train(CONFIG, tmp_path / "run", show=False, callbacks=given)
    with pytest.raises(TypeError, match=needed + message):
        fit(callbacks=given)
    assert not (tmp_path / "run").exists()

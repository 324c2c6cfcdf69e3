import json
from dataclasses import replace

import pytest

from neuralstack.experiments import EXPERIMENTS, Quick, Variant, reproduce
from neuralstack.training import Run, configure, with_options
from small import contents

TINY = {"hidden_dim": 8, "memory_dim": 8, "batch_size": 4, "max_steps": 2, "evaluate_every": 2}


def tiny(variant, **options):
    """A variant that trains within a second."""
    return variant.shortened(**TINY, **options)


def with_tiny(name, variants=None, **options):
    """An experiment of tiny variants."""
    experiment = EXPERIMENTS[name]
    chosen = [one for one in experiment.variants if variants is None or one.name in variants]
    return replace(experiment, variants=tuple(tiny(one, **options) for one in chosen))


SHORT = {"curriculum": "uniform", "min_length": 1, "max_length": 4}
ONE_MACHINE = Variant("stack", "GRU + stack", configure("reversal", **SHORT, **TINY), seeds=2)
# The published figures need these three; here they are the same machine, so that one compilation is enough.
SMALL_REVERSAL = replace(
    EXPERIMENTS["reversal"],
    variants=(ONE_MACHINE, replace(ONE_MACHINE, name="rnn", seeds=1), replace(ONE_MACHINE, name="lstm", seeds=1)),
)


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    path, lines = tmp_path_factory.mktemp("experiment") / "run", []
    return path, reproduce(SMALL_REVERSAL, path, report=lines.append), lines


@pytest.mark.slow
def test_the_result_holds_how_it_was_made_and_every_seed(reproduced):
    path, result, _ = reproduced
    assert json.loads((path / "result.json").read_text()) == json.loads(json.dumps(result))
    assert result["command"] == "neuralstack reproduce reversal"
    assert result["versions"].keys() == {"neuralstack", "jax", "equinox", "optax"}
    assert {name: len(one["runs"]) for name, one in result["variants"].items()} == {"stack": 2, "rnn": 1, "lstm": 1}
    assert [record["step"] for record in result["curves"]["lstm"]] == [2]
    for name in ("curves", "seeds"):
        assert (path / f"{name}.png").stat().st_size > 5000


@pytest.mark.slow
def test_every_seed_is_a_run_that_can_be_opened(reproduced):
    path, result, _ = reproduced
    for name, seed in (("stack", 0), ("stack", 1), ("rnn", 0)):
        run = Run.open(path / name / str(seed))
        run.load_model()
        kept = json.loads(run.file("result.json").read_text())
        assert result["variants"][name]["runs"][seed] == kept
        assert (kept["variant"], kept["seed"], kept["status"]) == (name, seed, "done")
        assert kept["wall_seconds"] > kept["seconds"] > 0
        assert kept["train"] == pytest.approx(run.metrics()[-1]["validation"])


@pytest.mark.slow
def test_progress_names_every_seed_and_the_tables_follow(reproduced):
    path, _, lines = reproduced
    assert lines[0].startswith("stack, seed 0 of 0-1: trained, 2 batches, ")
    assert "test coarse 0.000" in lines[0]
    printed = "\n".join(lines)
    assert "Flamant (2019)" in printed
    assert "0.741" in printed
    assert lines[-1] == f"result and figures: {path}"


@pytest.mark.slow
def test_a_seed_that_has_a_result_is_not_trained_again(reproduced):
    path, result, _ = reproduced
    before, lines = contents(path / "stack"), []
    (path / "rnn" / "0" / "result.json").unlink()
    again = reproduce(SMALL_REVERSAL, path, report=lines.append)
    assert [": read, " in line for line in lines[:4]] == [True, True, False, True]
    assert contents(path / "stack") == before
    assert again["variants"]["rnn"]["runs"][0]["test"] == result["variants"]["rnn"]["runs"][0]["test"]


@pytest.mark.slow
def test_runs_of_another_configuration_are_refused(reproduced):
    path, _, _ = reproduced
    other = replace(
        SMALL_REVERSAL, variants=(replace(ONE_MACHINE, config=with_options(ONE_MACHINE.config, batch_size=5)),)
    )
    with pytest.raises(ValueError, match="another configuration: use another directory"):
        reproduce(other, path, report=lambda line: None)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_broken_result_is_refused(tmp_path, text):
    (tmp_path / "stack" / "0").mkdir(parents=True)
    (tmp_path / "stack" / "0" / "result.json").write_text(text)
    with pytest.raises(ValueError, match="is broken or of another version: remove it"):
        reproduce(SMALL_REVERSAL, tmp_path, report=lambda line: None)


# A task that is drawn only when the file beside it is there, and then is refused.
WAITING = """import time
from dataclasses import dataclass
from pathlib import Path
from neuralstack.tasks import AbstractTask, QueryTokens

@dataclass(frozen=True)
class Waiting(AbstractTask):
    max_length: int = 2
    train_lengths = test_lengths = (1, 2)
    vocabulary = "ab"
    format = QueryTokens(2)

    def draw(self, key, length):
        for _ in range(1000):
            if Path(__file__).with_name("heard").exists():
                raise ValueError("heard")
            time.sleep(0.01)
        raise ValueError("silence")

    def answer(self, source):
        return source

    def answer_length(self, source_length):
        return source_length
"""


def test_a_long_run_is_heard_of_while_it_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURALSTACK_PROGRESS_SECONDS", "0.01")
    (tmp_path / "own.py").write_text(WAITING)
    lines = []

    def report(line):
        lines.append(line)
        (tmp_path / "heard").touch()

    variant = Variant(
        "stack", "GRU + stack", configure(f"{tmp_path / 'own.py'}:Waiting", curriculum="uniform"), seeds=2
    )
    with pytest.raises(ValueError, match="heard"):
        reproduce(replace(EXPERIMENTS["reversal"], variants=[variant]), tmp_path / "run", report=report)
    assert lines[0] == "stack, seed 0 of 0-1: 0 s, evaluated after 0 batches"


@pytest.mark.slow
def test_machines_that_learn_their_actions_are_measured_at_ten_times_the_length(tmp_path):
    experiment = with_tiny("actions", min_length=1, max_length=4)
    result = reproduce(experiment, tmp_path, report=lambda line: None)
    for one in result["variants"].values():
        (run,) = one["runs"]
        assert (run["trained"]["lengths"], run["far"]["lengths"]) == ([1, 4], [40, 40])
    assert (tmp_path / "curves.png").stat().st_size > 5000


@pytest.mark.slow
def test_language_models_are_measured_on_held_out_text_and_sampled_at_every_temperature(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("The value of a thing is what it is. " * 40)
    result = reproduce(
        with_tiny("characters", text=str(text), max_length=8), tmp_path / "run", report=lambda line: None
    )
    for one in result["variants"].values():
        (run,) = one["runs"]
        assert run["bits"] > 1
        assert {len(sample) for sample in run["samples"].values()} == {213}
    losses, samples = EXPERIMENTS["characters"].tables(result)
    assert [row[-1] for row in losses.rows] == ["never"] * 3
    assert [row[1] for row in samples.rows] == ["0.1", "0.5", "1.0"] * 3


@pytest.mark.slow
def test_counting_machines_are_measured_soft_and_rounded(tmp_path):
    experiment = with_tiny("counting", {"anbn/rnn", "anbn/lstm", "anbn/stack"})
    result = reproduce(experiment, tmp_path, report=lambda line: None)
    for one in result["variants"].values():
        assert all(0 <= run[version] <= 100 for run in one["runs"] for version in ("soft", "hard"))


@pytest.mark.slow
def test_a_quick_run_on_all_cores_has_scores_that_are_means_over_the_lengths(tmp_path):
    experiment = EXPERIMENTS["chomsky"]
    machines = [tiny(one) for one in experiment.variants if one.name in ("parity/superposition", "parity/tape")]
    quick = replace(experiment, quick=replace(experiment.quick, variants=machines))
    result = reproduce(quick, tmp_path, quick=True, report=lambda line: None)
    assert result["command"].endswith("--quick")
    for one in result["variants"].values():
        (run,) = one["runs"]
        bands = run["by_length"].values()  # of as many lengths, or one fewer
        assert run["score"] == pytest.approx(100 * sum(bands) / len(bands), abs=5)
        assert all(0 <= run[name] <= 1 for name in ("whole", "hard_score", "hard_500", "hard_5000"))
    assert (tmp_path / "lengths.png").stat().st_size > 5000


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_quick_run_takes_some_of_the_variants_with_fewer_seeds_and_no_more_steps(name):
    experiment = EXPERIMENTS[name]
    assert isinstance(experiment.quick, Quick)
    whole = {one.name: one for one in experiment.variants}
    assert set(experiment.curves) <= {one.name for one in experiment.quick.variants}
    for one in experiment.quick.variants:
        assert 1 <= one.seeds < whole[one.name].seeds
        assert one.config.max_steps <= whole[one.name].config.max_steps

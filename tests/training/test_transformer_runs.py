"""A Transformer as the network of a run: named, trained, resumed, loaded, answering and writing."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from neuralstack.corpora import evaluate_language, sample_text
from neuralstack.training import Run, complete, configure, resume, untrained_machine, with_options
from small import assert_same_leaves, assert_same_run, untrained_run

pytest_plugins = ("small_runs",)

SMALL = configure(
    "reversal", controller="transformer(heads=2)", max_length=8, min_length=2, batch_size=4, hidden_dim=8, memory_dim=4,
    max_steps=12, evaluate_every=4,
)  # fmt: skip
TEXT = "a cat and a rat. " * 30


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "run"
    assert ns.train(SMALL, path, show=False).status == "done"
    return path


NAMED = {
    "as for any controller": ({}, 2, 2, "NeuralStack"),
    "in parentheses": ({"controller": "transformer(num_layers=3, heads=4)"}, 3, 4, "NeuralStack"),
    "as an option": ({"num_layers": 3}, 3, 2, "NeuralStack"),
    "a queue": ({"memory": "queue"}, 2, 2, "NeuralQueue"),
    "no memory": ({"memory": "none"}, 2, 2, None),
}


@pytest.mark.parametrize(("options", "num_layers", "heads", "memory"), NAMED.values(), ids=NAMED)
def test_a_name_with_options_gives_a_transformer(options, num_layers, heads, memory):
    config = complete(with_options(SMALL, **options))
    transformer = untrained_machine(config)
    assert isinstance(transformer, ns.Transformer)
    assert (len(transformer.blocks), transformer.blocks[0].attention.heads) == (num_layers, heads)
    assert transformer.width == 8
    assert memory == (transformer.memory and type(transformer.memory.layer.memory).__name__)
    assert config.machine.num_layers == num_layers
    assert complete(config) == config


REFUSED = {
    "a connection": ({"connection": "skip"}, "connection belongs to a recurrent controller with a memory, got 'skip'"),
    "a readout": ({"readout": "gru"}, "readout belongs to a recurrent controller with a memory, got 'gru'"),
    "binarization": ({"binarization": 0.1}, "binarization needs a Machine"),
    "noise": ({"input_noise": 0.1}, "input_noise needs a Machine"),
    "reconstruction": ({"reconstruction": 0.1}, "reconstruction needs a Machine"),
    "quantization": ({"quantization": True}, "quantization needs a Machine, got Transformer"),
    "a balanced start": ({"balanced_start": True}, "a balanced start needs a Machine, got Transformer"),
    "imitation": ({"objective": "imitation"}, "it needs a Machine, got Transformer"),
    "heads that do not fit": ({"controller": "transformer(heads=3)"}, "heads that divide its width, got heads=3"),
    "too many layers": ({"controller": "transformer(num_layers=101)"}, "num_layers must be a whole number, at least 1"),
    "two numbers": ({"controller": "transformer(num_layers=3)", "num_layers": 2}, "num_layers was given twice"),
    "an unknown option": ({"controller": "transformer(head=3)"}, "no option 'head': did you mean 'heads'?"),
    "what is no option": ({"controller": "transformer(width=8)"}, "a transformer has no option 'width'"),
    "a misspelled name": ({"controller": "transfomer"}, "did you mean 'transformer'?"),
    "more than the computer has": ({"hidden_dim": 100_000}, "GiB of memory"),
}


@pytest.mark.parametrize(("options", "text"), REFUSED.values(), ids=REFUSED)
def test_what_a_transformer_lacks_is_refused(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        complete(with_options(SMALL, **options))


def test_a_resumed_run_is_the_same_bit_for_bit(trained, tmp_path):
    ns.train(with_options(SMALL, max_steps=6), tmp_path / "run", show=False)
    assert resume(tmp_path / "run", max_steps=12, show=False).steps == 12
    run = Run.open(tmp_path / "run")
    kept = [record for record in run.metrics() if record["step"] != 6]  # where it had ended
    assert [record["validation"] for record in kept] == [record["validation"] for record in Run(trained).metrics()]
    assert run.file("checkpoint.safetensors").read_bytes() == Run(trained).file("checkpoint.safetensors").read_bytes()


def test_a_run_is_loaded_saved_and_started_from(trained, tmp_path):
    transformer = ns.load(trained)
    assert isinstance(transformer, ns.Transformer)
    ns.save(tmp_path / "copy", transformer)
    assert_same_leaves(ns.load(tmp_path / "copy"), transformer)
    outcome = ns.train(with_options(SMALL, max_steps=2), tmp_path / "next", warm_start=trained, show=False)
    assert outcome.steps == 2


@pytest.mark.slow
def test_the_seeds_of_a_sweep_are_the_runs_of_these_seeds(trained, tmp_path):
    result = ns.sweep(ns.grid(SMALL, seeds=2), tmp_path / "sweep", show=False)
    assert [member.name for member in result.members] == ["seed-0", "seed-1"]
    assert_same_run(Run(tmp_path / "sweep" / "seed-0"), Run(trained))


def test_a_greedy_answer_is_that_of_the_whole_sequence(trained):
    transformer, task = ns.load(trained), Run(trained).task()
    answer = ns.predict(transformer, "abc", task, limit=5).tokens
    prompt = task.prompt(task.encode("abc"))
    logits = transformer(jnp.array([*prompt, *answer]))
    chosen = jnp.argmax(logits[len(prompt) - 1 :], axis=-1).tolist()
    assert chosen[: len(answer)] == answer


def test_the_commands_that_show_or_round_actions_refuse_it_in_one_line(call, trained):
    for arguments in (
        ("harden", trained),
        ("export", trained, "--to", "c"),
        ("trace", trained, "ab"),
        ("view", trained),
        ("evaluate", trained, "--harden"),
        ("predict", trained, "ab", "--harden"),
        ("compare", trained, "--harden"),
    ):
        status, out, error = call(*arguments)
        assert (status, out) == (2, ""), arguments
        assert error.endswith("give the run of a recurrent controller, such as gru.\n")
        assert error.count("\n") == 1


def test_the_other_commands_take_it(call, trained, tmp_path):
    status, out, _ = call("evaluate", trained, "--lengths", 2, 4, "--count", 4, "--json")
    assert (status, out[:11]) == (0, '{"coarse": ')
    assert call("compare", trained, "--lengths", 2, 4, "--count", 4, "--out", tmp_path)[0] == 0
    assert call("predict", trained, "ab")[0] == 0
    assert "transformer" in call("list")[1]


@pytest.mark.slow
def test_the_command_line_trains_one_without_a_memory(call, tmp_path):
    small = "--max-length", 6, "--batch-size", 4, "--hidden-dim", 8, "--max-steps", 4
    named = "--controller", "transformer(num_layers=1, heads=2)", "--memory", "none"
    assert call("train", "dyck-1", *named, *small, "--out", tmp_path / "run")[0] == 0
    transformer = ns.load(tmp_path / "run")
    assert (transformer.memory, len(transformer.blocks)) == (None, 1)
    assert call("predict", tmp_path / "run", "((")[0] == 0


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    """A run of a language model that was not trained at all."""
    base = tmp_path_factory.mktemp("language")
    (base / "text.txt").write_text(TEXT)
    sizes = {"hidden_dim": 8, "memory_dim": 4, "batch_size": 2, "max_steps": 2, "max_length": 8}
    config = configure("characters", text=str(base / "text.txt"), controller="transformer", **sizes)
    return untrained_run(base / "run", config)


def test_a_text_is_predicted_in_stretches_that_see_nothing_of_the_others(language):
    transformer, task = language.load_model(), language.task()
    tokens = jnp.array(task.encode_whole(TEXT[:33]))
    losses = []
    for start in range(0, 32, 8):
        scores = jax.nn.log_softmax(transformer(tokens[start : start + 8]))
        losses += [-float(row[target]) for row, target in zip(scores, tokens[start + 1 :], strict=False)]
    report = evaluate_language(transformer, task, text=TEXT[:33])
    assert report.characters == 32
    np.testing.assert_allclose(report.loss, np.mean(losses), rtol=1e-4)


def test_a_text_is_written_with_at_least_half_a_stretch_in_view(language):
    transformer, task, stretch = language.load_model(), language.task(), 8
    written = task.encode("a cat")
    for time in range(4, 24):
        start = 0 if time < stretch else (time - stretch // 2) // (stretch // 2) * (stretch // 2)
        logits = transformer(jnp.array(written[start : time + 1]))[-1, : task.symbols]
        written.append(int(jnp.argmax(logits)))
    assert sample_text(transformer, task, "a cat", 20, temperature=0.0) == task.decode(written[5:])


def test_a_language_model_is_measured_in_nats_during_training(language, tmp_path):
    config = with_options(language.config(), max_steps=2, evaluate_every=2)
    ns.train(config, tmp_path / "run", show=False)
    (record,) = Run(tmp_path / "run").metrics()
    assert set(record["validation"]) == {"loss", "bits"}

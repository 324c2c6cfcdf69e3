import math
from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack import (
    GRU,
    LSTM,
    Characters,
    NeuralStack,
    NoMemory,
    complete,
    cross_entropy,
    evaluate_language,
    grid,
    sample_text,
    sweep,
    train,
)
from neuralstack.corpora import LanguageReport
from neuralstack.reporting import language_table
from neuralstack.training import Run, begin, configure, draw_batch, prepare, step_spec, train_step
from small import drawn_machine

SMALL = {"memory": "none", "max_length": 5, "state_reset_every": 15, "batch_size": 3, "hidden_dim": 4, "memory_dim": 4}
pytest_plugins = ("small_runs",)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text("the cat sat on the mat. " * 60)
    return str(file)


def build(task, memory=None, layer=GRU, connection="paper"):
    return drawn_machine(layer, memory or NoMemory(), task.vocab_size, hidden=6, embedding=4, connection=connection)


run = jax.jit(lambda machine, *arguments, **options: machine.batch(*arguments, **options))
draw = jax.jit(draw_batch, static_argnames="spec")


@pytest.mark.parametrize(
    ("memory", "connection"),
    [
        (NeuralStack(4), "skip"),
        pytest.param(NoMemory(), "paper", marks=pytest.mark.slow),
        pytest.param(NeuralStack(4), "paper", marks=pytest.mark.slow),
    ],
)
def test_a_state_that_is_carried_on_makes_two_batches_one(memory, connection):
    task = Characters(max_length=4, alphabet="abc")
    machine = build(task, memory, LSTM, connection)
    tokens = jnp.array([[0, 1, 2, 1], [2, 2, 1, 0]]).T
    whole, first = run(machine, tokens), run(machine, tokens[:2], state=machine.init_controller(2))
    second, alone = (run(machine, tokens[2:], state=state) for state in (first.state, machine.init_controller(2)))
    if isinstance(memory, NoMemory):  # the content of a memory is not carried over
        np.testing.assert_allclose(jnp.concatenate([first.logits, second.logits]), whole.logits, atol=1e-5)
    assert np.abs(second.logits - alone.logits).max() > 1e-4


def test_no_gradient_goes_back_through_a_state_that_is_carried_on():
    task = Characters(max_length=4, alphabet="abc")
    machine, tokens = build(task), jnp.array([[0, 1], [2, 1], [1, 1]])

    def of_state(machine):
        return sum(leaf.sum() for leaf in jax.tree.leaves(machine.batch(tokens).state))

    assert all(np.all(np.asarray(leaf) == 0) for leaf in jax.tree.leaves(jax.jit(jax.grad(of_state))(machine)))


def test_stretches_of_a_row_follow_each_other_and_then_begin_elsewhere(path):
    config = complete(configure("characters", text=path, **SMALL))
    program, state = step_spec(config), begin(config)
    batches = []
    for step in range(7):
        now = replace(state, step=jnp.asarray(step, state.step.dtype))
        batches.append(draw(now, program, jax.random.key(9)))
    assert [bool(batch.fresh) for batch in batches] == [True, False, False, True, False, False, True]
    for before, after in pairwise(batches):
        inputs = before.example.inputs, after.example.inputs
        if not after.fresh:
            np.testing.assert_array_equal(inputs[0][5], inputs[1][0])
    assert not np.array_equal(batches[0].example.inputs, batches[3].example.inputs)


def test_training_hands_the_state_of_a_stretch_to_the_next_one(path):
    config = complete(configure("characters", text=path, **SMALL))
    program, state = step_spec(config), begin(config)
    after = jax.jit(train_step, static_argnums=1)(state, program)
    batch = draw(state, program, jax.random.key(0))
    wanted = run(state.model, batch.example.inputs, batch.steps).state
    for one, other in zip(jax.tree.leaves(after.carried), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "max_length", "pieces"),
    [
        pytest.param(1440, 10, 1, marks=pytest.mark.slow),
        (120, 64, 1),  # the held-out part is shorter than a stretch
        *(pytest.param(*sizes, marks=pytest.mark.slow) for sizes in ((120, 5, 1), (1000, 99, 1), (1000, 100, 1))),
        pytest.param(20, 1, 1, marks=pytest.mark.slow),  # a single prediction
        pytest.param(110_000, 64, 2, marks=pytest.mark.slow),
        pytest.param(130_000, 6000, 2, marks=pytest.mark.slow),  # stretches are longer than a piece would be
    ],
)
def test_every_held_out_character_but_the_first_is_predicted_once(tmp_path, size, max_length, pieces):
    (tmp_path / "text.txt").write_text(("the cat sat on the mat. a dog! " * (size // 31 + 1))[:size])
    task = Characters(max_length=max_length, text=str(tmp_path / "text.txt"))
    machine, text = build(task), task.to_validate.read()
    count = len(text) - 1
    starts = [piece * (count // pieces) for piece in range(pieces)]
    losses = []
    for start, stop in pairwise([*starts, count]):
        inputs, targets = (jnp.asarray(text[a : a + stop - start])[:, None] for a in (start, start + 1))
        losses.append(cross_entropy(run(machine, inputs).logits, targets, jnp.ones(targets.shape, bool))[0])
    wanted = np.average(losses, weights=np.diff([*starts, count]))
    report = evaluate_language(machine, task)
    assert report.characters == count == size // 10 - 1
    np.testing.assert_allclose(report.loss, wanted, rtol=1e-4)
    np.testing.assert_allclose(report.bits, report.loss / np.log(2), rtol=1e-6)
    assert evaluate_language(machine, task, limit=1).characters == 1


@pytest.mark.slow
def test_a_memory_is_empty_at_the_beginning_of_each_stretch(path):
    task = Characters(max_length=10, text=path)
    machine, text = build(task, NeuralStack(4), LSTM, "skip"), task.to_validate.read()
    state, losses = machine.init_controller(1), []
    for start in range(0, len(text) - 1, 10):
        targets = jnp.asarray(text[start + 1 : start + 11])[:, None]
        shown = run(machine, jnp.asarray(text[start : start + len(targets)])[:, None], state=state)
        losses.append(len(targets) * cross_entropy(shown.logits, targets, jnp.ones(targets.shape, bool))[0])
        state = shown.state
    np.testing.assert_allclose(evaluate_language(machine, task).loss, sum(losses) / (len(text) - 1), rtol=1e-4)


@pytest.mark.parametrize("size", [1, 9, 19])
def test_a_text_without_anything_to_predict_is_refused(tmp_path, size):
    (tmp_path / "text.txt").write_text(("ab" * size)[:size])
    task = Characters(max_length=4, text=str(tmp_path / "text.txt"), alphabet="ab")
    with pytest.raises(ValueError, match=f"the held-out part of the text '.*' has {size // 10} characters"):
        evaluate_language(build(task), task)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "a"}, "the text has 1 characters, but at least 2 are needed"),
        ({"limit": 0}, r"limit must be at least 1, got 0\."),
    ],
    ids=str,
)
def test_a_prediction_of_nothing_is_refused(path, given, message):
    task = Characters(max_length=4, text=path)
    with pytest.raises(ValueError, match=message):
        evaluate_language(build(task), task, **given)


@pytest.mark.parametrize(("loss", "perplexity"), [(0.0, 1.0), (1e4, math.inf), (math.inf, math.inf)])
def test_a_perplexity_beyond_all_numbers_is_infinite(loss, perplexity):
    report = LanguageReport(loss, loss / math.log(2), 100)
    assert report.perplexity == perplexity
    assert f"{perplexity:.3f}" in str(language_table("run", report))


@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize("text", ["", "ab", "the cat sat", "the cat sat on the mat"])
def test_a_refused_training_leaves_no_directory(tmp_path, text, seeds):
    (tmp_path / "text.txt").write_text(text)
    config = configure("characters", text=str(tmp_path / "text.txt"), **{**SMALL, "max_length": 30})
    with pytest.raises(ValueError, match=r"text.txt' is empty|part of the text"):
        train(config, tmp_path / "run", show=False) if seeds == 1 else sweep(
            grid(config, seeds=seeds), tmp_path / "run"
        )
    assert [file.name for file in tmp_path.iterdir()] == ["text.txt"]


@pytest.fixture(scope="module")
def written(path, tmp_path_factory):
    """A machine that knows its text by heart."""
    config = configure(
        "characters",
        text=path,
        max_length=16,
        hidden_dim=32,
        memory_dim=16,
        batch_size=16,
        max_steps=250,
        learning_rate=1e-2,
    )
    run = tmp_path_factory.mktemp("language") / "run"
    train(config, run, show=False)
    return Run.open(run)


@pytest.mark.slow
def test_a_machine_with_a_stack_learns_a_short_text_and_writes_it(written):
    config = written.config()
    task = Characters(config.lengths[1], config.data.text, config.data.alphabet)
    assert config.machine.connection == "skip"
    assert set(written.metrics()[-1]["validation"]) == {"loss", "bits"}
    assert evaluate_language(written.load_model(), task).bits < 0.3
    assert (
        sample_text(written.load_model(), task, "the cat sat", 40, 0.0)
        == " on the mat. the cat sat on the mat. the "[:40]
    )


@pytest.mark.slow
def test_what_is_written_follows_from_the_seed_and_is_bolder_at_a_higher_temperature(written):
    task = Characters(16, written.config().data.text, written.config().data.alphabet)
    machine = written.load_model()
    one, again, other = (sample_text(machine, task, "the", 60, 5.0, seed) for seed in (0, 0, 1))
    assert one == again != other
    assert len(one) == 60
    assert one not in task.decode(task.read().tolist())


@pytest.mark.parametrize(
    "options", [{"curriculum": "linear"}, {"warmup_lengths": (8,)}, {"min_length": 3, "max_length": 9}], ids=str
)
def test_stretches_of_several_lengths_are_refused(options):
    with pytest.raises(ValueError, match="all stretches of a stream have the same length, but characters was given"):
        complete(configure("characters", alphabet="abc", **options))


def test_a_training_is_of_the_text_as_it_is_also_where_another_one_was_trained_on_before(tmp_path):
    task = Characters(max_length=4, text=str(tmp_path / "text.txt"), alphabet="abc")
    for content in ("a" * 100, "b" * 100):
        (tmp_path / "text.txt").write_text(content)
        spec, state = prepare(build(task), task, batch_size=2, key=jax.random.key(0))
        inputs = draw(state, spec, jax.random.key(0)).example.inputs
        assert task.decode(inputs[:, 0].tolist()) == content[:5]


def test_a_text_belongs_to_the_task_characters():
    with pytest.raises(ValueError, match="text belongs to the task characters, got the task reversal"):
        complete(configure("reversal", text="a.txt"))

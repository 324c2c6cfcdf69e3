"""Advice at the end of a training that did not learn."""

import pytest

import neuralstack as ns
from neuralstack.training import advise


def records_of(*accuracies, attempt=0):
    """Return the records of evaluations, 25 batches apart."""
    return [
        {"step": 25 * number, "attempt": attempt, "validation": {"coarse": coarse, "fine": coarse}}
        for number, coarse in enumerate(accuracies, 1)
    ]


FLAT, RISING = records_of(0.01, 0.0, 0.0, 0.0), records_of(0.0, 0.0, 0.0, 0.01)
RESTARTED = records_of(0.01, attempt=1) + FLAT[1:]
STACK = {"memory": "stack"}
NONE = {"memory": "none"}
TRIES = {
    "a machine with a memory": ("reversal", {}, FLAT, ("connection", "seed")),
    "one that was still improving": ("reversal", {}, RISING, ("max_steps", "connection", "seed")),
    "one that restarted": ("reversal", {}, RESTARTED, ("connection", "restart_after", "seed")),
    "one with another connection": ("reversal", {"connection": "feedback"}, FLAT, ("seed",)),
    "one without a memory": ("reversal", NONE, FLAT, ("memory", "seed")),
    "another machine than that of the recipe": ("parity", STACK, FLAT, ("recipe", "seed")),
    "the same memory with another controller": ("parity", NONE, FLAT, ("recipe", "seed")),
    "the machine of the recipe": ("parity", {}, FLAT, ("seed",)),
}  # fmt: skip


@pytest.mark.parametrize(("task", "options", "records", "tries"), TRIES.values(), ids=TRIES)
def test_advice_fits_the_machine_and_the_training(task, options, records, tries):
    assert advise(ns.complete(ns.configure(task, **options)), records).tries == tries


@pytest.mark.parametrize(
    ("task", "accuracy", "learned"),
    [
        ("reversal", 0.49, False),
        ("reversal", 0.51, True),
        ("parity", 0.7, False),
        ("parity", 0.8, True),
        ("parity", 1.0, True),
    ],
)
def test_a_machine_has_learned_if_it_comes_half_of_the_way_from_guessing_to_perfect(task, accuracy, learned):
    advice = advise(ns.complete(ns.configure(task)), records_of(accuracy))
    assert (advice is None) is learned


@pytest.mark.parametrize(("loss", "learned"), [(1.5, True), (2.5, False), (float("nan"), False)])
def test_a_text_has_been_learned_if_it_is_predicted_better_than_by_frequencies(loss, learned, tmp_path):
    (tmp_path / "text.txt").write_text("abcdefgh" * 40)  # eight characters, equally frequent: 2.08 nats
    config = ns.complete(ns.configure("characters", text=str(tmp_path / "text.txt"), max_length=8))
    advice = advise(config, [{"step": 4, "attempt": 0, "validation": {"loss": loss, "bits": loss / 0.693}}])
    assert (advice is None) is learned
    if advice is not None:
        assert "where the frequencies give 2.0" in advice.text()

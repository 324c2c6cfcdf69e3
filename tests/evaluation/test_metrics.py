import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neuralstack.evaluation import Score, cross_entropy, score, success_interval

RNG = np.random.default_rng(0)
STEPS, BATCH, SYMBOLS = 9, 20, 4


def draw():
    """Outputs, targets, and nonempty masks anywhere in the sequence."""
    outputs = RNG.normal(size=(STEPS, BATCH, SYMBOLS)).astype(np.float32)
    targets = RNG.integers(0, SYMBOLS, (STEPS, BATCH))
    first, last = np.sort(RNG.integers(0, STEPS, (2, BATCH)), axis=0)
    time = np.arange(STEPS)[:, None]
    return jnp.asarray(outputs), jnp.asarray(targets), jnp.asarray((first <= time) & (time <= last))


def test_cross_entropy_is_the_mean_of_the_scored_steps_of_each_sequence():
    outputs, targets, mask = map(np.asarray, given := draw())
    wanted = []
    for row in range(BATCH):
        losses = []
        for time in np.flatnonzero(mask[:, row]):
            logits = outputs[time, row].astype(np.float64)
            losses.append(np.log(np.exp(logits).sum()) - logits[targets[time, row]])
        wanted.append(np.mean(losses))
    np.testing.assert_allclose(jax.jit(cross_entropy)(*given), wanted, rtol=1e-5)


def test_cross_entropy_and_its_gradient_do_not_see_the_steps_that_are_not_scored():
    outputs, targets, mask = draw()
    total = jax.jit(jax.value_and_grad(lambda outputs: cross_entropy(outputs, targets, mask).sum()))
    loss, gradient = total(outputs)
    assert float(total(jnp.where(mask[..., None], outputs, 1e3))[0]) == float(loss)
    np.testing.assert_array_equal(np.any(gradient, axis=-1), mask)


def test_an_unscored_sequence_costs_nothing():
    outputs, targets, _ = draw()
    np.testing.assert_array_equal(cross_entropy(outputs, targets, jnp.zeros((STEPS, BATCH), bool)), np.zeros(BATCH))


def test_scores_are_counted_over_the_scored_steps():
    _, targets, mask = draw()
    right = targets > 0
    wanted = []
    for row in range(BATCH):
        answered = [bool(hit) for hit, scored in zip(right[:, row], mask[:, row], strict=True) if scored]
        before_error = answered.index(False) if False in answered else len(answered)
        wanted.append((all(answered), before_error / len(answered), sum(answered) / len(answered)))
    got = jax.jit(score)(right, mask)
    assert 0 < sum(coarse for coarse, *_ in wanted) < BATCH
    for part, row in zip(got, zip(*wanted, strict=True), strict=True):
        np.testing.assert_allclose(part, row, rtol=1e-6)


@pytest.mark.parametrize(
    ("right", "wanted"),
    [
        ("1111", Score(1, 1, 1)),
        ("0000", Score(0, 0, 0)),
        ("0111", Score(0, 0, 0.75)),
        ("1101", Score(0, 0.5, 0.75)),
        ("1110", Score(0, 0.75, 0.75)),
    ],
)
def test_the_first_error_ends_what_is_fine(right, wanted):
    steps = jnp.array([int(hit) for hit in "0" + right + "0"], bool)
    mask = jnp.array([0, 1, 1, 1, 1, 0], bool)
    assert tuple(map(float, score(steps, mask))) == wanted


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (7, 10), (10, 10), (99, 100)])
def test_the_success_interval_is_wilsons(successes, trials):
    z, rate = 1.959964, successes / trials
    middle = (rate + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(rate * (1 - rate) / trials + z**2 / (4 * trials**2))
    np.testing.assert_allclose(success_interval(successes, trials), (middle - half, middle + half), atol=1e-6)

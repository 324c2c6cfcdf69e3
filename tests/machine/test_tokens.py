import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import CONNECTIONS_UNDER_TEST, quick
from joined import joined_machine
from neuralstack import GRU, NeuralStack
from small import drawn_machine

TOKENS = [0, 3, 4, 1]


@pytest.fixture(scope="module")
def machine():
    return drawn_machine(GRU, NeuralStack(3), 5, hidden=4, embedding=3)


def test_lists_and_numpy_arrays_are_sequences_of_tokens(machine, unchecked_types):
    wanted = machine(jnp.array(TOKENS))
    for tokens in (TOKENS, tuple(TOKENS), np.array(TOKENS, np.uint8)):
        np.testing.assert_array_equal(machine(tokens), wanted)
    np.testing.assert_array_equal(machine.trace(TOKENS).logits, machine.trace(jnp.array(TOKENS)).logits)


def test_a_batch_of_tokens_goes_through_vmap(machine):
    np.testing.assert_allclose(jax.vmap(machine)(jnp.array([TOKENS, TOKENS]))[1], machine(jnp.array(TOKENS)), atol=1e-6)


REFUSED = {
    "a batch": (
        [TOKENS, TOKENS],
        "one sequence, of shape [steps], got shape (2, 4): for a batch, batch first, use jax.vmap(machine)(tokens).",
    ),
    "one token": (3, "tokens must be one sequence, of shape [steps], got shape ()."),
    "none": ([], "tokens must hold at least one step, got shape (0,)."),
    "different lengths": ([[1], [1, 2]], "got sequences of different lengths."),
    "too large": ([1, 5], "tokens must be from 0 to 4, got 5."),
    "negative": ([1, -1], "tokens must be from 0 to 4, got -1."),
    "text": ("abc", "tokens must be integers from 0 to 4, got <U3: ns.predict takes text."),
    "symbols": (["a", "b"], "tokens must be integers from 0 to 4, got <U1: ns.predict takes text."),
    "floats": ([1.0, 2.0], "tokens must be integers from 0 to 4, got float64."),
    "nothing": (None, "tokens must be integers from 0 to 4, got object."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_sequence_of_tokens_is_refused(name, machine, unchecked_types):
    tokens, message = REFUSED[name]
    for run in (machine, machine.trace):
        with pytest.raises((TypeError, ValueError), match=re.escape(message)):
            run(tokens)


def test_a_batch_for_training_has_time_first(machine, unchecked_types):
    with pytest.raises(
        ValueError, match=re.escape("a batch with time first, of shape [steps, batch], got shape (4,).")
    ):
        machine.batch(jnp.array(TOKENS))


@pytest.mark.parametrize("connection", quick(CONNECTIONS_UNDER_TEST, "layer", "feedback"))
@pytest.mark.parametrize("outside", quick([5, -1], -1))
def test_under_jit_a_token_outside_the_vocabulary_gives_nan_from_its_step_on(connection, outside):
    machine = joined_machine(connection, "gru", "stack")
    logits = jax.jit(lambda tokens: machine(tokens))(jnp.array([0, 3, outside, 1]))
    assert np.isfinite(logits[:2]).all()
    assert np.isnan(logits[2:]).all()

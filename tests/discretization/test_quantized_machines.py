"""A machine with everything rounded: hardened, as a stream, and measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from joined import HIDDEN, draw_tokens, joined_machine
from neuralstack import Elman, HardStack, NeuralStack, Reversal, Stream, harden
from neuralstack.automata import NotATransducer, compare, extract
from neuralstack.discretization import actions_on
from neuralstack.machine import quantized
from small import drawn_machine

EVERY_CONNECTION = ["direct", "feedback", "layer", "reads", "readout"]


@pytest.mark.parametrize("connection", quick(EVERY_CONNECTION, "reads"))
def test_hardened_or_as_a_stream_it_answers_the_same(connection):
    machine, tokens = quantized(joined_machine(connection, "elman", "stack")), draw_tokens(20)
    hard = harden(machine)
    assert isinstance(hard.memory, HardStack)
    expected, got = jax.jit(lambda: (machine(tokens), hard(tokens)))()
    np.testing.assert_allclose(got, expected, atol=1e-5)
    stream = Stream(hard)
    fed = [stream.feed(int(token)) for token in tokens]
    np.testing.assert_allclose(fed, expected, atol=1e-5)


@pytest.mark.slow
def test_its_state_is_not_bounded_and_its_margins_are_those_before_rounding():
    task = Reversal(3, alphabet="ab")
    machine = quantized(drawn_machine(Elman, NeuralStack(3), task.vocab_size, hidden=4, embedding=3))
    compared = compare(machine, task, (1, 3), 20)
    assert compared.agreement.same == 20
    assert type(compared.hardened.controller) is Elman
    assert all(0 < margins.min() < margins.max() < 0.5 for margins in compared.margins.values())
    assert {part: len(units.least) for part, units in compared.states.items()} == {"controller": 4}


@pytest.mark.parametrize("connection", ["direct", "readout"])
def test_with_direct_paths_or_a_readout_a_program_needs_rounded_states(connection):
    machine = harden(joined_machine(connection, "elman", "stack"))
    with pytest.raises(NotATransducer, match="train with the connection 'layer'"):
        extract(machine, Reversal(3, alphabet="ab"))


def test_actions_that_depend_on_the_previous_read_do_not_follow_from_hidden_vectors_and_tokens():
    machine, tokens = joined_machine("reads", "elman", "stack"), draw_tokens(2)
    with pytest.raises(ValueError, match="the actions of this machine also depend on the previous read"):
        actions_on(machine, jnp.zeros((2, HIDDEN)), tokens)

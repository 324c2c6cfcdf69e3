"""The margins of a state's units, in machines whose every number is rounded."""

import jax.numpy as jnp
import numpy as np
import pytest

from joined import HIDDEN, VOCABULARY, joined_machine
from neuralstack.discretization import Fresh, state_margins
from neuralstack.machine import quantized


def sequences(tokens, used):
    """Return sequences of which the given numbers of steps are used."""
    return Fresh(np.array(tokens), np.ones(np.shape(tokens), bool), np.array(used))


EVERY_TOKEN = sequences(np.arange(VOCABULARY)[:, None], [1] * VOCABULARY)


def test_margins_are_those_of_the_numbers_before_rounding():
    machine = quantized(joined_machine("layer", "elman", "stack"))
    units = state_margins(machine, EVERY_TOKEN)["controller"]
    start = jnp.round(machine.controller.init()[0])
    projected = machine.controller.project(machine.embedding)
    hidden = np.array([machine.controller.step_projected((start,), row)[1] for row in projected])
    margins = 0.5 - np.abs(hidden - np.round(hidden))
    np.testing.assert_allclose(units.least, margins.min(0), atol=1e-6)
    np.testing.assert_allclose(units.median, np.median(margins, 0), atol=1e-6)
    np.testing.assert_array_equal(units.constant, (np.round(hidden) == np.round(hidden[0])).all(0))


def test_what_the_controller_sees_of_the_reads_counts_and_padding_does_not():
    machine = quantized(joined_machine("readout", "lstm", "stack"))
    padded = state_margins(machine, sequences([[0, 3, 4, 1], [2, 1, 3, 3]], [4, 2]))
    other = state_margins(machine, sequences([[0, 3, 4, 1], [2, 1, 0, 2]], [4, 2]))
    assert padded.keys() == {"controller", "readout"}
    assert len(padded["controller"].least) == 2 * HIDDEN  # the cells, and the hidden vector
    for part, units in padded.items():
        for measured, same in zip(units, other[part], strict=True):
            np.testing.assert_array_equal(measured, same)
        assert ((units.least >= 0) & (units.least <= units.median) & (units.median <= 0.5)).all()


def test_a_machine_whose_states_are_not_rounded_has_no_margins_of_them():
    with pytest.raises(ValueError, match="needs a machine whose every number is rounded"):
        state_margins(joined_machine("layer", "elman", "stack"), EVERY_TOKEN)

import equinox as eqx
import jax
import pytest

from neuralstack import GRU, LSTM, Connection, Machine, NeuralStack, harden
from small import drawn

LONG = drawn(
    lambda key: Machine(
        LSTM(8, 16, num_layers=2, key=key), NeuralStack(8), 5, connection=Connection(feedback=0.5), key=key
    )
)
MACHINES = {
    "Machine(GRU(8, 16), NeuralStack(width=8, kernel=None), vocab_size=5, connection='layer')  # 1,639 parameters": (
        drawn(lambda key: Machine(GRU(8, 16, key=key), NeuralStack(8), 5, key=key))
    ),
    "Machine(GRUCell(8, 16), HardStack(width=8), vocab_size=5, connection='paper')  # 1,863 parameters": harden(
        drawn(lambda key: Machine(eqx.nn.GRUCell(8, 16, key=key), NeuralStack(8), 5, connection="paper", key=key))
    ),
}


@pytest.mark.parametrize("text", MACHINES)
def test_a_machine_is_shown_in_one_line(text):
    assert repr(MACHINES[text]) == text


def test_several_layers_and_a_connection_of_ones_own_are_shown():
    assert repr(LONG).startswith("Machine(LSTM(8, 16, num_layers=2), NeuralStack(")
    assert "connection=Connection(feedback=0.5)" in repr(LONG)
    assert len(repr(LONG)) < 300


def test_shapes_in_place_of_arrays_and_other_leaves_can_be_shown():
    machine = MACHINES[next(iter(MACHINES))]
    assert repr(jax.eval_shape(lambda: machine)) == repr(machine)
    assert "Machine(" in repr(jax.tree.map(lambda leaf: True, machine))


def test_in_a_notebook_a_machine_is_a_small_table():
    html = LONG._repr_html_()
    assert html.startswith("<table>")
    assert len(html) < 1000
    assert "<tr><th>vocab_size</th><td>5</td></tr>" in html

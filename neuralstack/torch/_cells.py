"""PyTorch's own recurrent cells as controllers."""

from typing import Any

import torch
from torch import Tensor, nn

from neuralstack._arguments import describe_object
from neuralstack.torch._controllers import AbstractController
from neuralstack.torch._rounding import unrounded
from neuralstack.torch._trees import map_tree

CELLS = nn.RNNCell | nn.GRUCell | nn.LSTMCell


class CellController(AbstractController):
    """A `torch.nn.RNNCell`, `GRUCell` or `LSTMCell` as a controller, with a learned initial state.

    `Machine` wraps such cells automatically. Whole sequences run as in `torch.nn.RNN`, `GRU` and `LSTM`.

    Args:
        cell: The cell.

    Raises:
        TypeError: If the cell is of another class.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.CellController(torch.nn.LSTMCell(3, 8)).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, cell: nn.RNNCell | nn.GRUCell | nn.LSTMCell):
        super().__init__()
        if not isinstance(cell, CELLS):
            raise TypeError(
                "controller must be an object such as nn.GRUCell(16, 32) or neuralstack.torch.GRU(16, 32), got "
                f"{describe_object(cell)}."
            )
        self.cell = cell
        self.input_size, self.hidden_size = cell.input_size, cell.hidden_size
        self.projected_size = cell.input_size
        zeros = [torch.zeros_like(cell.weight_hh[0]) for _ in range(1 + isinstance(cell, nn.LSTMCell))]
        self.initial = nn.ParameterList(zeros)

    def init(self, batch):
        return map_tree(lambda leaf: leaf.expand(batch, -1), tuple(self.initial))

    def project(self, x):
        return x

    def step(self, state, projected, rounding=unrounded):
        new = self.cell(projected, state if isinstance(self.cell, nn.LSTMCell) else state[0])
        state = new if isinstance(new, tuple) else (new,)
        return rounding((state, state[0]))

    def run(self, x, rounding=unrounded):
        if rounding is not unrounded:
            return super().run(x, rounding)
        state: Any = map_tree(lambda leaf: leaf[None].contiguous(), self.init(len(x)))
        weights = _weights(self.cell)
        options = self.cell.bias, 1, 0.0, self.training, False, True  # one layer, no dropout, forwards, batch first
        if isinstance(self.cell, nn.LSTMCell):
            return torch.lstm(x, state, weights, *options)[0]
        if isinstance(self.cell, nn.GRUCell):
            return torch.gru(x, state[0], weights, *options)[0]
        kind = torch.rnn_tanh if self.cell.nonlinearity == "tanh" else torch.rnn_relu
        return kind(x, state[0], weights, *options)[0]


def as_controller(controller: Any) -> AbstractController:
    """Return the object itself if it is a controller, or wrap one of PyTorch's cells.

    Raises:
        TypeError: If the object is none of these.
    """
    return controller if isinstance(controller, AbstractController) else CellController(controller)


def _weights(cell: nn.RNNCellBase) -> list[Tensor]:
    return [weight for weight in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh) if weight is not None]

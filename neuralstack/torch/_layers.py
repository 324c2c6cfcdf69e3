"""The recurrent layers of this library, and the controllers that are made of them."""

import torch
from torch import nn

from neuralstack.torch._controllers import AbstractLayer, AbstractLayeredController, glorot

KEEP_BIAS = 1.0  # the keep gate of a GRU starts mostly open
FORGET_BIAS = 1.0  # so does the forget gate of an LSTM (Gers et al., 2000)
FACTOR_BIAS = 0.5  # a token that says nothing lets half of every factor pass
FACTOR_SCALE = 3.0  # tokens must differ in what they do to the state from the start


class ElmanLayer(AbstractLayer):
    """One layer of `Elman`."""

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        super().__init__(input_size, hidden_size, input_scale)
        self.input_weights = nn.Parameter(glorot(input_size, hidden_size, input_scale))
        self.recurrent_weights = nn.Parameter(glorot(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        self.initial = nn.Parameter(torch.zeros(hidden_size))

    def init(self):
        return self.initial

    def step(self, state, projected):
        hidden = torch.addmm(projected, state, self.recurrent_weights).tanh()
        return hidden, hidden


class FeedforwardLayer(AbstractLayer):
    """One layer of `Feedforward`."""

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        super().__init__(input_size, hidden_size, input_scale)
        self.input_weights = nn.Parameter(glorot(input_size, hidden_size, input_scale))
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def init(self):
        return ()

    def step(self, state, projected):
        return state, projected.tanh()

    def run(self, state, projected, rounding):
        return rounding(self.step(state, projected))[1]


class GRULayer(AbstractLayer):
    """One layer of `GRU`."""

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        super().__init__(input_size, hidden_size, input_scale)
        self.input_weights = nn.Parameter(
            torch.cat([glorot(input_size, hidden_size, input_scale) for _ in range(3)], 1)
        )
        self.gate_weights = nn.Parameter(torch.cat([glorot(hidden_size, hidden_size) for _ in range(2)], 1))
        self.candidate_weights = nn.Parameter(glorot(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.cat([torch.full((hidden_size,), KEEP_BIAS), torch.zeros(2 * hidden_size)]))
        self.initial = nn.Parameter(torch.zeros(hidden_size))

    def init(self):
        return self.initial

    def step(self, state, projected):
        gates, candidate = projected.split([2 * len(self.initial), len(self.initial)], -1)
        keep, reset = torch.addmm(gates, state, self.gate_weights).sigmoid().chunk(2, -1)
        candidate = torch.addmm(candidate, reset * state, self.candidate_weights).tanh()
        hidden = torch.lerp(candidate, state, keep)
        return hidden, hidden


class LSTMLayer(AbstractLayer):
    """One layer of `LSTM`: write, forget and show gate, and candidate."""

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        super().__init__(input_size, hidden_size, input_scale)
        inputs = [glorot(input_size, hidden_size, input_scale) for _ in range(4)]
        self.input_weights = nn.Parameter(torch.cat(inputs, 1))
        self.recurrent_weights = nn.Parameter(torch.cat([glorot(hidden_size, hidden_size) for _ in range(4)], 1))
        forget = [0.0, FORGET_BIAS, 0.0, 0.0]
        self.bias = nn.Parameter(torch.tensor(forget).repeat_interleave(hidden_size))
        self.initial = nn.ParameterList([torch.zeros(hidden_size), torch.zeros(hidden_size)])

    def init(self):
        return tuple(self.initial)

    def step(self, state, projected):
        hidden, cell = state
        gates = torch.addmm(projected, hidden, self.recurrent_weights)
        write, forget, show, candidate = gates.chunk(4, -1)
        cell = forget.sigmoid() * cell + write.sigmoid() * candidate.tanh()
        hidden = show.sigmoid() * cell.tanh()
        return (hidden, cell), hidden


class MultiplicativeLayer(AbstractLayer):
    """One layer of `Multiplicative`."""

    def __init__(self, input_size: int, hidden_size: int, input_scale: float = 1.0):
        super().__init__(input_size, hidden_size, input_scale)
        scales = FACTOR_SCALE, input_scale
        self.input_weights = nn.Parameter(torch.cat([glorot(input_size, hidden_size, scale) for scale in scales], 1))
        self.factor_weights = nn.Parameter(nn.init.orthogonal_(torch.empty(hidden_size, hidden_size)))
        self.recurrent_weights = nn.Parameter(nn.init.orthogonal_(torch.empty(hidden_size, hidden_size)))
        self.bias = nn.Parameter(torch.cat([torch.full((hidden_size,), FACTOR_BIAS), torch.zeros(hidden_size)]))
        self.initial = nn.Parameter(torch.zeros(hidden_size))

    def init(self):
        return self.initial

    def step(self, state, projected):
        factors, added = projected.chunk(2, -1)
        hidden = torch.addmm(added, (state @ self.factor_weights) * factors, self.recurrent_weights).tanh()
        return hidden, hidden


class Elman(AbstractLayeredController):
    r"""A simple recurrent network (Elman, 1990): $h' = \tanh(W x + U h + b)$.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.Elman(3, 8, num_layers=2).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    layer_class = ElmanLayer


class Feedforward(AbstractLayeredController):
    r"""A controller without a state: only the memory can remember anything; $h = \tanh(W x + b)$.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.Feedforward(3, 8).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    layer_class = FeedforwardLayer


class GRU(AbstractLayeredController):
    r"""Gated recurrent units (Cho et al., 2014).

    $z, q = \sigma(W x + U h + b)$, $n = \tanh(W_n x + U_n (q \odot h) + b_n)$, $h' = z \odot h + (1 - z) \odot n$,
    with an initial bias of +1 on the keep gate $z$. In `torch.nn.GRUCell`, $q$ is applied after $U_n$.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.GRU(3, 8).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    layer_class = GRULayer


class LSTM(AbstractLayeredController):
    r"""Long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000).

    $i, f, o = \sigma(W x + U h + b)$, $g = \tanh(W_g x + U_g h + b_g)$, $c' = f \odot c + i \odot g$,
    $h' = o \odot \tanh c'$, with an initial bias of +1 on the forget gate $f$.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.LSTM(3, 8).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    layer_class = LSTMLayer


class Multiplicative(AbstractLayeredController):
    r"""A multiplicative recurrent network (Sutskever, Martens & Hinton, 2011).

    $f = W_f x + b_f$, $h' = \tanh(U (f \odot G h) + W x + b)$: the input chooses how the state moves, as in a finite
    automaton. $G$ and $U$ start as orthogonal matrices.

    Examples:
        >>> import torch, neuralstack.torch as nst
        >>> nst.Multiplicative(3, 8).run(torch.ones(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    layer_class = MultiplicativeLayer


CONTROLLERS = {
    "elman": Elman,
    "feedforward": Feedforward,
    "gru": GRU,
    "lstm": LSTM,
    "multiplicative": Multiplicative,
}

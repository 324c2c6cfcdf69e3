"""The trainable recurrent parts of a machine."""

from neuralstack.controllers._base import (
    AbstractController as AbstractController,
    AbstractLayer as AbstractLayer,
    Controller as Controller,
    glorot as glorot,
)
from neuralstack.controllers._bounded import BoundedController as BoundedController, phase_of as phase_of
from neuralstack.controllers._elman import ElmanLayer as ElmanLayer
from neuralstack.controllers._feedforward import FeedforwardLayer as FeedforwardLayer
from neuralstack.controllers._gru import GRULayer as GRULayer
from neuralstack.controllers._lstm import LSTMLayer as LSTMLayer

CONTROLLERS = {"elman": ElmanLayer, "feedforward": FeedforwardLayer, "gru": GRULayer, "lstm": LSTMLayer}

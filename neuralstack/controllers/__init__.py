"""The recurrent networks that drive a memory."""

from neuralstack.controllers._adapters import (
    CellController as CellController,
    ModuleController as ModuleController,
    as_controller as as_controller,
)
from neuralstack.controllers._base import (
    AbstractController as AbstractController,
    AbstractLayer as AbstractLayer,
    glorot as glorot,
)
from neuralstack.controllers._bounded import BoundedController as BoundedController, phase_of as phase_of
from neuralstack.controllers._elman import Elman as Elman
from neuralstack.controllers._feedforward import Feedforward as Feedforward
from neuralstack.controllers._gru import GRU as GRU
from neuralstack.controllers._layered import (
    INPUT_SCALE as INPUT_SCALE,
    AbstractLayeredController as AbstractLayeredController,
)
from neuralstack.controllers._lstm import LSTM as LSTM
from neuralstack.controllers._multiplicative import Multiplicative as Multiplicative

CONTROLLERS = {
    "elman": Elman,
    "feedforward": Feedforward,
    "gru": GRU,
    "lstm": LSTM,
    "multiplicative": Multiplicative,
}

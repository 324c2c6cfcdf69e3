"""The memories and machines of this library in PyTorch, without JAX.

`pip install 'neuralstack[torch]'` installs PyTorch with the package.
"""

from neuralstack._connection import CONNECTIONS as CONNECTIONS, Connection as Connection
from neuralstack._extras import extra

with extra("torch"):
    import torch as _torch  # noqa: F401

from neuralstack.torch._cells import CellController as CellController
from neuralstack.torch._composite import (
    CompositeMemory as CompositeMemory,
    NoMemory as NoMemory,
    Quantized as Quantized,
)
from neuralstack.torch._controllers import (
    AbstractController as AbstractController,
    BoundedController as BoundedController,
)
from neuralstack.torch._hard_stack import HardStack as HardStack
from neuralstack.torch._layer import LayerState as LayerState, MemoryLayer as MemoryLayer
from neuralstack.torch._layers import (
    CONTROLLERS as CONTROLLERS,
    GRU as GRU,
    LSTM as LSTM,
    Elman as Elman,
    Feedforward as Feedforward,
    Multiplicative as Multiplicative,
)
from neuralstack.torch._load import load as load
from neuralstack.torch._machine import Machine as Machine, MachineState as MachineState, Steps as Steps
from neuralstack.torch._memory import (
    AbstractMemory as AbstractMemory,
    Action as Action,
    DequeAction as DequeAction,
)
from neuralstack.torch._strength import (
    NeuralDeque as NeuralDeque,
    NeuralQueue as NeuralQueue,
    NeuralStack as NeuralStack,
)
from neuralstack.torch._superposition import MixedAction as MixedAction, SuperpositionStack as SuperpositionStack

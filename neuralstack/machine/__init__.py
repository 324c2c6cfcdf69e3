"""Machines: a controller, the memory it acts on, and the connection between the two and the answer."""

from neuralstack._connection import CONNECTIONS as CONNECTIONS, Connection as Connection
from neuralstack.machine._act import (
    act as act,
    feedback_input as feedback_input,
    gate_weights as gate_weights,
    raw_action as raw_action,
)
from neuralstack.machine._answer import answer as answer, answer_input as answer_input, logits as logits
from neuralstack.machine._batch_logits import (
    batch_logits as batch_logits,
    first_carried as first_carried,
    stretch_logits as stretch_logits,
)
from neuralstack.machine._layer_spec import layer_from_spec as layer_from_spec, layer_spec as layer_spec
from neuralstack.machine._machine import Machine as Machine
from neuralstack.machine._memory_layer import LayerState as LayerState, MemoryLayer as MemoryLayer
from neuralstack.machine._memory_spec import memory_from_spec as memory_from_spec, memory_spec as memory_spec
from neuralstack.machine._parallel_controllers import (
    PARALLEL_CONTROLLERS as PARALLEL_CONTROLLERS,
    ParallelController as ParallelController,
)
from neuralstack.machine._parameters import num_parameters as num_parameters
from neuralstack.machine._parts import check_rounding as check_rounding
from neuralstack.machine._quantization import (
    QuantizationNoise as QuantizationNoise,
    quantized as quantized,
    rounding_of as rounding_of,
)
from neuralstack.machine._spec import (
    machine_from_spec as machine_from_spec,
    machine_spec as machine_spec,
)
from neuralstack.machine._steps import (
    BatchSteps as BatchSteps,
    MachineState as MachineState,
    Step as Step,
)
from neuralstack.machine._transformer import Transformer as Transformer
from neuralstack.machine._transformer_spec import (
    transformer_from_spec as transformer_from_spec,
    transformer_spec as transformer_spec,
)
from neuralstack.machine._unroll import unroll as unroll

NETWORKS = {"transformer": Transformer}
"""Networks by name that take the place of a machine: the memory, if there is one, is a layer of them."""

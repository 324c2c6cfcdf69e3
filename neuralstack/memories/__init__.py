"""Differentiable data structures for one sequence: no weights, no batch axis, no randomness."""

from neuralstack.memories._actions import Action as Action, DequeAction as DequeAction, MixedAction as MixedAction
from neuralstack.memories._base import AbstractMemory as AbstractMemory, run as run
from neuralstack.memories._blank import blank as blank
from neuralstack.memories._composite import CompositeMemory as CompositeMemory
from neuralstack.memories._end import End as End
from neuralstack.memories._nondeterministic import (
    NondeterministicAction as NondeterministicAction,
    NondeterministicStack as NondeterministicStack,
)
from neuralstack.memories._null import NoMemory as NoMemory
from neuralstack.memories._observation import Observation as Observation, crop as crop
from neuralstack.memories._recompute import CheckpointedVJP as CheckpointedVJP
from neuralstack.memories._run import batch_reads_of as batch_reads_of, on_platform as on_platform
from neuralstack.memories._sequence_vjp import AbstractSequenceVJP as AbstractSequenceVJP
from neuralstack.memories.discrete._hard_mixture import HardMixtureStacks as HardMixtureStacks
from neuralstack.memories.discrete._hard_stack import HardStack as HardStack
from neuralstack.memories.discrete._quantized import Quantized as Quantized
from neuralstack.memories.mixture._pointer import PointerStack as PointerStack
from neuralstack.memories.mixture._soft_addressing import soft_assign as soft_assign, soft_lookup as soft_lookup
from neuralstack.memories.mixture._superposition import SuperpositionStack as SuperpositionStack
from neuralstack.memories.mixture._tape import Tape as Tape, TapeAction as TapeAction
from neuralstack.memories.strength._closed_form import read_weights as read_weights
from neuralstack.memories.strength._deque import NeuralDeque as NeuralDeque
from neuralstack.memories.strength._one_end import STRENGTH_BIASES as STRENGTH_BIASES
from neuralstack.memories.strength._queue import NeuralQueue as NeuralQueue
from neuralstack.memories.strength._stack import NeuralStack as NeuralStack

MEMORIES = {
    "deque": NeuralDeque,
    "hard": HardStack,
    "nondeterministic": NondeterministicStack,
    "none": NoMemory,
    "pointer": PointerStack,
    "queue": NeuralQueue,
    "stack": NeuralStack,
    "superposition": SuperpositionStack,
    "tape": Tape,
}

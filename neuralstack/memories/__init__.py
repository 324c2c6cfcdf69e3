"""Differentiable data structures for one sequence."""

from neuralstack.memories._base import (
    AbstractMemory as AbstractMemory,
    Action as Action,
    DequeAction as DequeAction,
    MixedAction as MixedAction,
    on_platform as on_platform,
    run as run,
)
from neuralstack.memories._closed_form import read_weights as read_weights
from neuralstack.memories._deque import NeuralDeque as NeuralDeque
from neuralstack.memories._hard import HardStack as HardStack
from neuralstack.memories._nondeterministic import (
    NondeterministicAction as NondeterministicAction,
    NondeterministicStack as NondeterministicStack,
)
from neuralstack.memories._none import NoMemory as NoMemory
from neuralstack.memories._one_end import STRENGTH_BIASES as STRENGTH_BIASES
from neuralstack.memories._pointer import PointerStack as PointerStack
from neuralstack.memories._queue import NeuralQueue as NeuralQueue
from neuralstack.memories._replay import Replay as Replay
from neuralstack.memories._rounded import Rounded as Rounded
from neuralstack.memories._several import Memories as Memories
from neuralstack.memories._soft import soft_assign as soft_assign, soft_lookup as soft_lookup
from neuralstack.memories._stack import NeuralStack as NeuralStack
from neuralstack.memories._superposition import SuperpositionStack as SuperpositionStack
from neuralstack.memories._tape import Tape as Tape, TapeAction as TapeAction

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

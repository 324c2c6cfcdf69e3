"""Differentiable data structures for one sequence: no weights, no batch axis, no randomness."""

from neuralstack.memories._base import (
    AbstractMemory as AbstractMemory,
    Action as Action,
    DequeAction as DequeAction,
    MixedAction as MixedAction,
    on_platform as on_platform,
    run as run,
)
from neuralstack.memories._composite import CompositeMemory as CompositeMemory
from neuralstack.memories._nondeterministic import (
    NondeterministicAction as NondeterministicAction,
    NondeterministicStack as NondeterministicStack,
)
from neuralstack.memories._null import NoMemory as NoMemory
from neuralstack.memories._recompute import CheckpointedVJP as CheckpointedVJP
from neuralstack.memories.discrete import (
    HardMixtureStacks as HardMixtureStacks,
    HardStack as HardStack,
    Quantized as Quantized,
)
from neuralstack.memories.mixture import (
    PointerStack as PointerStack,
    SuperpositionStack as SuperpositionStack,
    Tape as Tape,
    TapeAction as TapeAction,
    soft_assign as soft_assign,
    soft_lookup as soft_lookup,
)
from neuralstack.memories.strength import (
    STRENGTH_BIASES as STRENGTH_BIASES,
    NeuralDeque as NeuralDeque,
    NeuralQueue as NeuralQueue,
    NeuralStack as NeuralStack,
    read_weights as read_weights,
)

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

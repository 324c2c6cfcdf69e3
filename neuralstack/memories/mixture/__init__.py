"""Memories whose operations are mixed by weights: superposition stacks, pointer stack and tape."""

from neuralstack.memories.mixture._pointer import PointerStack as PointerStack
from neuralstack.memories.mixture._soft_addressing import soft_assign as soft_assign, soft_lookup as soft_lookup
from neuralstack.memories.mixture._superposition import SuperpositionStack as SuperpositionStack
from neuralstack.memories.mixture._tape import Tape as Tape, TapeAction as TapeAction

"""A Transformer from tokens to logits, with or without a memory."""

import math
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from neuralstack.machine._attention import KeysAndValues, normal_linear
from neuralstack.machine._block import Block, branch_scale
from neuralstack.machine._describe import unhashable
from neuralstack.machine._memory_branch import MemoryBranch
from neuralstack.machine._parameters import num_parameters
from neuralstack.machine._tokens import Tokens, check_tokens, look_up
from neuralstack.memories import AbstractMemory


class TransformerState(NamedTuple):
    """State of a Transformer between two steps.

    Attributes:
        time: Number of steps taken.
        blocks: Keys and values of each block.
        memory: State of the memory; an empty tuple without one.
    """

    time: Int[Array, ""]
    blocks: tuple[KeysAndValues, ...]
    memory: Any


class TransformerStep(NamedTuple):
    """A record of one step of a Transformer.

    Attributes:
        logits: Logits of the answer.
        hidden: The vector from which they come.
    """

    logits: Float[Array, " vocab"]
    hidden: Float[Array, " width"]


class Transformer(eqx.Module):
    """A causal Transformer: blocks of attention and a perceptron, and in their middle, a memory layer.

    The norm comes first in every branch, as in GPT-2. There is no table of positions, which would end with the lengths
    of training: half of the heads of each attention prefer near steps (ALiBi), the other half see all alike. It handles
    one sequence; for a batch use `jax.vmap(transformer)`. Space grows with the square of the number of steps; `init`
    and `step` decode one token at a time, with the keys and values of earlier steps kept.

    Args:
        vocab_size: Number of different tokens.
        width: Width of the vectors between the blocks.
        num_layers: Number of blocks.
        heads: Number of heads of each attention, which divides `width`.
        memory: The memory of an `ns.MemoryLayer` after the first half of the blocks, of any width. Defaults to none.
        key: Source of the initial weights.

    Raises:
        TypeError: If the memory is not one.
        ValueError: If a size is below 1, or the number of heads does not divide the width.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> transformer = ns.Transformer(5, width=8, heads=2, memory=ns.NeuralStack(8), key=jax.random.key(0))
        >>> transformer
        Transformer(5, width=8, num_layers=2, heads=2, memory=NeuralStack(width=8, kernel=None))  # 2,527 parameters
        >>> tokens = jnp.array([0, 3, 4])
        >>> logits = transformer(tokens)
        >>> logits.shape  # of 5 tokens, after each of 3 steps
        (3, 5)
        >>> state = transformer.init(steps=3)
        >>> for token, expected in zip(tokens, logits):
        ...     state, shown = transformer.step(state, token)
        ...     assert jnp.allclose(shown.logits, expected, atol=1e-5)
    """

    embedding: Float[Array, "vocab width"]
    blocks: tuple[Block, ...]
    memory: MemoryBranch | None
    norm: eqx.nn.LayerNorm
    output: eqx.nn.Linear
    carries_state: ClassVar[bool] = False

    def __init__(
        self,
        vocab_size: int,
        *,
        width: int = 64,
        num_layers: int = 2,
        heads: int = 4,
        memory: AbstractMemory | None = None,
        key: PRNGKeyArray,
    ):
        check_sizes(vocab_size, width, num_layers, heads)
        keys = jax.random.split(key, num_layers + 3)
        scale = branch_scale(2 * num_layers)
        self.embedding = jax.random.normal(keys[0], (vocab_size, width))
        self.blocks = tuple(Block(width, heads, scale, key=block_key) for block_key in keys[3:])
        self.memory = None if memory is None else MemoryBranch(width, memory, key=keys[1])
        self.norm = eqx.nn.LayerNorm(width)
        self.output = normal_linear(width, vocab_size, key=keys[2])

    def __repr__(self):
        sizes = {"width": self.width, "num_layers": len(self.blocks), "heads": self.blocks[0].attention.heads}
        memory = {} if self.memory is None else {"memory": self.memory.layer.memory}
        options = ", ".join(f"{name}={value!r}" for name, value in (sizes | memory).items())
        return f"Transformer({self.vocab_size}, {options})  # {num_parameters(self):,} parameters"

    def __hash__(self):
        try:
            return super().__hash__()
        except TypeError as error:
            raise TypeError(unhashable("transformer", "tokens")) from error

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return len(self.embedding)

    @property
    def width(self) -> int:
        """Width of the vectors between the blocks."""
        return self.embedding.shape[1]

    @property
    def num_before(self) -> int:
        """Number of blocks before the memory."""
        return math.ceil(len(self.blocks) / 2)

    def __call__(self, tokens: Tokens) -> Float[Array, "steps vocab"]:
        """Run one sequence from an empty memory and return the logits after each step.

        Under `jax.jit`, where tokens cannot be checked against the vocabulary, a token outside it gives NaN.

        Raises:
            TypeError: If the tokens are not integers.
            ValueError: If they are not one sequence, or one of them is outside the vocabulary.
        """
        return _logits(self, check_tokens(tokens, self.vocab_size, axes=1))

    def init(self, steps: int) -> TransformerState:
        """Return the state before the first of `steps` steps."""
        memory = () if self.memory is None else self.memory.init(steps)
        return TransformerState(jnp.zeros((), jnp.int32), tuple(block.init(steps) for block in self.blocks), memory)

    def step(self, state: TransformerState, token: Int[Array, ""]) -> tuple[TransformerState, TransformerStep]:
        """Take one step of one sequence."""
        x, memory, blocks = look_up(self.embedding, check_tokens(token, self.vocab_size, axes=0)), state.memory, []
        for number, (block, kept) in enumerate(zip(self.blocks, state.blocks, strict=True), 1):
            kept, x = block.step(kept, state.time, x)
            blocks.append(kept)
            if self.memory is not None and number == self.num_before:
                memory, x = self.memory.step(memory, x)
        hidden = self.norm(x)
        return TransformerState(state.time + 1, tuple(blocks), memory), TransformerStep(self.output(hidden), hidden)

    def next_stretch(self, state: TransformerState, steps: int) -> TransformerState:
        """Return the state before a stretch of a text that follows another, which is that before any sequence."""
        del state
        return self.init(steps)


@eqx.filter_jit
def _logits(transformer: Transformer, tokens: Int[Array, " steps"]) -> Float[Array, "steps vocab"]:
    x = look_up(transformer.embedding, tokens)
    for number, block in enumerate(transformer.blocks, 1):
        x = block(x)
        if transformer.memory is not None and number == transformer.num_before:
            x = transformer.memory(x)
    return jax.vmap(lambda x: transformer.output(transformer.norm(x)))(x)


def check_sizes(vocab_size: int, width: int, num_layers: int, heads: int) -> None:
    """Raise an error if there is no Transformer of these sizes.

    Raises:
        ValueError: If a size is below 1, or the number of heads does not divide the width.
    """
    sizes = {"vocab_size": vocab_size, "width": width, "num_layers": num_layers, "heads": heads}
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} of a Transformer must be an integer of at least 1, got {size!r}.")
    if width % heads:
        raise ValueError(f"a Transformer needs heads that divide its width, got {heads=}, {width=}.")

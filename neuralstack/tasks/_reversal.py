"""String reversal: read a string, then write it backwards."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._joint import joint_layout, joint_steps, marks
from neuralstack.tasks._text import decode_text, encode_text

ASCII = "".join(map(chr, range(128)))


@dataclass(frozen=True)
class Reversal(AbstractTask):
    """Read a string, then write it backwards (Grefenstette et al., 2015): easy with a stack, hard without.

    Symbols are drawn uniformly with replacement; symbol i is the i-th character of `alphabet`, by default the 128
    characters of ASCII. The layout is joint: `START source SEPARATOR target END`, scored on the target and END.

    Args:
        max_length: The longest source, at least 1.
        alphabet: The characters that stand for the symbols, each once.

    Raises:
        ValueError: If `max_length` is below 1, or the alphabet is empty or has a character twice.

    Examples:
        With START 2, SEPARATOR 3 and END 4:

        >>> task = Reversal(max_length=3, alphabet="ab")
        >>> task.answer([0, 1, 1])
        [1, 1, 0]
        >>> example = task.example([0, 1, 1], [1, 1, 0])
        >>> example.inputs.tolist()
        [2, 0, 1, 1, 3, 1, 1, 0]
        >>> example.targets.tolist()
        [0, 1, 1, 3, 1, 1, 0, 4]
        >>> task.decode(task.answer(task.encode("abb")))
        'bba'
    """

    max_length: int = 128
    alphabet: str = ASCII
    train_lengths: ClassVar[tuple[int, int]] = (8, 64)
    test_lengths: ClassVar[tuple[int, int]] = (65, 128)

    def __post_init__(self):
        if self.max_length < 1:
            raise ValueError(f"the longest source must have at least 1 symbol, got max_length={self.max_length}.")
        if not self.alphabet or len(set(self.alphabet)) < len(self.alphabet):
            raise ValueError(f"an alphabet needs at least one character, and each only once, got {self.alphabet!r}.")

    @property
    def symbols(self):
        return len(self.alphabet)

    @property
    def vocabulary(self):
        return self.symbols + len(marks(self.symbols))

    @property
    def steps(self):
        return joint_steps(self.max_length, self.max_length)

    @property
    def end(self):
        return marks(self.symbols).end

    def used_steps(self, length):
        return joint_steps(length, length)

    def sample(self, key, length):
        source = jax.random.randint(key, (self.max_length,), 0, self.symbols)
        target = source[jnp.clip(length - 1 - jnp.arange(self.max_length), 0)]
        return joint_layout(source, length, target, length, self.symbols)

    def answer(self, source):
        return source[::-1]

    def layout(self, source, source_length, target, target_length):
        return joint_layout(source, source_length, target, target_length, self.symbols)

    def prompt(self, source):
        mark = marks(self.symbols)
        return [mark.start, *source, mark.separator]

    def encode(self, text):
        return encode_text(text, self.alphabet)

    def decode(self, tokens):
        mark = marks(self.symbols)
        names = {mark.start: "<start>", mark.separator: "<separator>", mark.end: "<end>"}
        return decode_text(tokens, self.alphabet, names)

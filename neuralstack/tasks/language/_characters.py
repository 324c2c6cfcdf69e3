"""Characters: next-character prediction on any text."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Pair, Synchronous
from neuralstack.tasks.language._text_file import (
    Text,
    TextVersion,
    characters_of,
    encode_characters,
    read_symbols,
    read_text,
    require_version,
)


@dataclass(frozen=True)
class Characters(AbstractTask):
    """Predict the next character of a text: any file, or the help on the Python language that comes with Python.

    A source is a stretch of the text that starts anywhere, one character longer than the requested `length`. The target
    of each step is the next character, scored at every step but the last, whose answer is not in the source. The first
    nine tenths of the text are for training, the last tenth is held out. In training, stretches may follow each other.

    Args:
        max_length: Maximum number of characters to predict, at least 1.
        text: The path of a file; if empty, the help of the running Python.
        alphabet: All characters that may occur; if empty, those of the text.
        held_out: Whether stretches are drawn from the held-out part.
        encoding: The file's encoding, by its name in Python.
        version: The required version of the text; any other is refused when it is read. Defaults to the current one if
            the alphabet is that of the text.

    Raises:
        ValueError: If the text cannot be read, has characters that are not in the alphabet, or is too short.

    Examples:
        >>> task = Characters(max_length=4, alphabet="abcdr")
        >>> task.decode(task.answer(task.encode("abrac")))  # an a stands for the last one, which is not known
        'braca'
        >>> Characters(max_length=4).sample(jax.random.key(0), 4).mask.tolist()
        [True, True, True, True, False]
    """

    max_length: int = 64
    text: str = ""
    alphabet: str = ""
    held_out: bool = False
    encoding: str = "utf-8"
    version: TextVersion | None = None
    train_lengths: ClassVar[tuple[int, int]] = (64, 64)
    sized_by_source: ClassVar[bool] = False
    test_lengths: ClassVar[tuple[int, int]] = (128, 128)
    streams: ClassVar[bool] = True

    def __post_init__(self):
        if not self.alphabet:  # pinned to the current text, which equal tasks and programs compiled for them share
            content = self.content()
            object.__setattr__(self, "alphabet", characters_of(content))
            object.__setattr__(self, "version", content.version)
        super().__post_init__()

    @property
    def vocabulary(self):
        return self.alphabet

    @property
    def format(self):
        return Synchronous(self.symbols)

    @property
    def to_validate(self):
        return replace(self, held_out=True)

    @property
    def size(self) -> int:
        """Number of characters to draw from.

        Raises:
            ValueError: If the text cannot be used, or is shorter than the longest source.
        """
        size = len(self.read())
        if size <= self.max_length:
            raise ValueError(
                f"the {'held-out' if self.held_out else 'training'} part of {self.name} has {size} characters, but a "
                f"source has {self.max_length + 1}: give a longer text, or a smaller max_length."
            )
        return size

    def check(self) -> None:
        """Check that a text can be used for training: it is long enough for a stretch, and has something to predict.

        Raises:
            ValueError: If the text is too short, or leaves nothing to predict.
        """
        _ = replace(self, held_out=False).size
        if len(held_out := self.to_validate.read()) < 2:
            raise ValueError(
                f"the held-out part of {self.name}, its last tenth, has {len(held_out)} characters, but at least 2 are "
                "needed, one to predict the other from: give a longer text."
            )

    def content(self) -> Text:
        """Return the whole text.

        Raises:
            ValueError: If the text cannot be read, or is not the required version.
        """
        text = read_text(self.text, self.encoding)
        if self.version is not None:
            require_version(self.text, text, self.version)
        return text

    @property
    def pinned(self) -> "Characters":
        """The task with the current version of its text required."""
        return replace(self, version=self.content().version)

    def read(self) -> np.ndarray:
        """Return the part of the text that stretches are drawn from, as the numbers of its characters."""
        return read_symbols(self.content(), self.name, self.alphabet, self.held_out)

    @property
    def name(self) -> str:
        """A phrase for the text, for messages."""
        return f"the text {self.text!r}" if self.text else "the help of Python"

    def encode_whole(self, text: str, name: str = "the text") -> np.ndarray:
        """Return any text as the numbers of its characters.

        Raises:
            ValueError: If the text has characters that are not in the alphabet; they are named.
        """
        return encode_characters(text, self.alphabet, name)

    def draw(self, key, length):
        return self.stretch(jax.random.randint(key, (), 0, self.size - self.max_length), length)

    def stretch(self, start: Int[Array, ""] | int, length: Int[Array, ""] | int) -> Pair:
        """Return the source at a position of the text, and its answer; `start` and `length` may be traced."""
        room = self.source_length(self.max_length)
        source = jax.lax.dynamic_slice(jnp.asarray(self.read()), (start,), (room,))
        target = jnp.where(jnp.arange(room) < length, jnp.roll(source, -1), 0)
        return Pair(source, length + 1, target, length + 1)

    def answer(self, source):
        return [*source[1:], 0]

    def answer_length(self, source_length):
        return source_length

    def source_length(self, length):
        return length + 1

    def scored(self, pair):
        return jnp.arange(len(pair.source)) < pair.source_length - 1

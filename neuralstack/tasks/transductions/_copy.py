"""Copy: read a string, then write it again."""

from dataclasses import dataclass
from typing import ClassVar

from neuralstack.tasks._alphabet import ASCII, draw_symbols
from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Autoregressive, Pair, push_then_pop


@dataclass(frozen=True)
class Copy(AbstractTask):
    """Read a string, then write it again (Grefenstette et al., 2015): easy with a queue, hard without.

    Symbols are drawn uniformly with replacement; symbol i is the i-th character of `alphabet`. The layout is joint.

    Args:
        max_length: The longest source, at least 1.
        alphabet: The characters that stand for the symbols, each once.

    Examples:
        >>> task = Copy(alphabet="abc")
        >>> task.decode(task.answer(task.encode("cab")))
        'cab'
    """

    max_length: int = 128
    alphabet: str = ASCII
    train_lengths: ClassVar[tuple[int, int]] = (8, 64)
    test_lengths: ClassVar[tuple[int, int]] = (65, 128)

    @property
    def vocabulary(self):
        return self.alphabet

    @property
    def format(self):
        return Autoregressive(self.symbols)

    def draw(self, key, length):
        source = draw_symbols(key, self.max_length, self.symbols)
        return Pair(source, length, source, length)

    def answer(self, source):
        return list(source)

    def answer_length(self, source_length):
        return source_length

    def strengths(self, length):
        return push_then_pop(self.format.first_answer(length), length, self.steps)

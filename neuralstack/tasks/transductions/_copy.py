"""Copy: read a string, then write it again."""

from dataclasses import dataclass

from neuralstack.tasks._alphabet import draw_symbols
from neuralstack.tasks._formats import Pair, push_then_pop
from neuralstack.tasks.transductions._base import AbstractStringTransduction


@dataclass(frozen=True)
class Copy(AbstractStringTransduction):
    """Read a string, then write it again (Grefenstette et al., 2015): easy with a queue, hard without.

    Symbols are drawn uniformly with replacement; symbol i is the i-th character of `alphabet`.

    Args:
        max_length: The longest source, at least 1.
        alphabet: The characters that stand for the symbols, each once.

    Examples:
        >>> task = Copy(alphabet="abc")
        >>> task.decode(task.answer(task.encode("cab")))
        'cab'
    """

    def draw(self, key, length):
        source = draw_symbols(key, self.max_length, self.symbols)
        return Pair(source, length, source, length)

    def answer(self, source):
        return list(source)

    def answer_length(self, source_length):
        return source_length

    def strengths(self, length):
        return push_then_pop(self.format.first_answer(length), length, self.steps)

"""Even pairs: a regular language."""

from dataclasses import dataclass

from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require


@dataclass(frozen=True)
class EvenPairs(AbstractChomskyTask):
    """Decide whether a string of bits has an odd number of unequal neighbors (Delétang et al., 2023).

    The answer is 1 if it does, which is the case if its first and last bits differ, and 0 otherwise. Bits are drawn
    uniformly.

    Examples:
        >>> task = EvenPairs()
        >>> task.decode(task.answer(task.encode("0011")))
        '1'
    """

    @property
    def vocabulary(self):
        return "01"

    def draw(self, key, length):
        source = draw_below(key, self.max_length, 2)
        return Pair(source, length, (source[0] ^ source[length - 1])[None], 1)

    def answer(self, source):
        require(source, 2, "bits")
        return [source[0] ^ source[-1]]

    def answer_length(self, source_length):
        return 1

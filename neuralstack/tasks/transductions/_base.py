"""Common parts of the tasks of Grefenstette et al. (2015): their lengths, their format and their alphabets."""

from dataclasses import dataclass
from typing import ClassVar

from neuralstack.tasks._alphabet import ASCII
from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Autoregressive


@dataclass(frozen=True)
class AbstractTransduction(AbstractTask):
    """A task of Grefenstette et al. (2015): trained on 8 to 64 symbols, tested on 65 to 128.

    The format is autoregressive: `START source SEPARATOR target END`, scored on the target and END.
    """

    max_length: int = 128
    train_lengths: ClassVar[tuple[int, int]] = (8, 64)
    test_lengths: ClassVar[tuple[int, int]] = (65, 128)

    @property
    def format(self):
        return Autoregressive(self.symbols)


@dataclass(frozen=True)
class AbstractStringTransduction(AbstractTransduction):
    """A transduction of strings of characters; symbol i is the i-th character of `alphabet`."""

    alphabet: str = ASCII

    @property
    def vocabulary(self):
        return self.alphabet

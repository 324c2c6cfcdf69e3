"""A task defined by pairs of sources and answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._formats import Autoregressive
from neuralstack.tasks._pair_file import read_pairs
from neuralstack.tasks._pairs import SPLITS, Pairs, draw_pair, nearest_length


@dataclass(frozen=True, init=False)
class PairTask(AbstractTask):
    """A task defined by pairs: to answer sources like those of the data.

    A length is drawn first, then one of the pairs whose source has that length, or the nearest existing one. Part of
    the pairs is held out: training draws from the split `train`, validation from `validation`, tests from `test`. Pairs
    without a split are assigned by a hash of their source, 80 : 10 : 10, so that a pair keeps its split when others are
    added; a split without pairs uses those of training. The machine ends its answer itself: `START source SEPARATOR
    answer END`.

    Args:
        pairs: The pairs, of one kind: strings of characters, lists of words, or lists of ids from 0; or a file of JSON
            lines, `{"source": ..., "target": ..., "split": "train"}`, where `split` is optional.
        vocabulary: The symbols. Defaults to those of the pairs, in alphabetical order.
        split: The split to draw from.
        max_length: The longest source. Defaults to the longest of the data.

    Raises:
        ValueError: If a file cannot be read or has a broken line, which is named; or a split has no pair.

    Examples:
        >>> task = PairTask([("abc", "cba"), ("ab", "ba"), ("b", "b")])
        >>> task.vocabulary
        ('a', 'b', 'c')
        >>> task.decode(task.answer(task.encode("abc")))
        'cba'
    """

    pairs: Pairs
    split: str

    def __init__(
        self,
        pairs: Pairs | str | Path | Iterable[tuple[Any, Any]],
        vocabulary: Sequence[str] | None = None,
        split: str = "train",
        max_length: int | None = None,
    ):
        if split not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}.")
        if isinstance(pairs, str | Path):
            pairs = read_pairs(pairs, vocabulary)
        if not isinstance(pairs, Pairs):
            pairs = Pairs.from_pairs([(source, target, None) for source, target in pairs], vocabulary)
        values = {
            "pairs": pairs,
            "split": split,
            "max_length": pairs.longest_source if max_length is None else max_length,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    @classmethod
    def from_file(cls, path: str | Path, **options: Any) -> "PairTask":
        """Return the task of a file of JSON lines, `{"source": ..., "target": ..., "split": "train"}`.

        Args:
            path: The file.
            options: Further arguments of `PairTask`.

        Raises:
            ValueError: If the file cannot be read or has a broken line, which is named.
        """
        return cls(Path(path), **options)

    @property
    def vocabulary(self):
        return self.pairs.vocabulary

    @property
    def format(self):
        return Autoregressive(self.symbols)

    @property
    def train_lengths(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """The shortest and the longest source of the training split."""
        return self.pairs.lengths("train")

    @property
    def test_lengths(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        """The shortest and the longest source of the test split."""
        return self.pairs.lengths("test")

    @property
    def to_validate(self):
        return replace(self, split="validation") if self.split == "train" else self

    @property
    def to_test(self):
        return replace(self, split="test")

    def draw(self, key, length):
        pair = draw_pair(self.pairs.table(self.split), key, length)
        return pair._replace(source=pair.source[: self.source_length(self.max_length)])

    def drawable_lengths(self, low, high):
        return low, high  # for lengths without a pair, the nearest pair is drawn

    def answer(self, source):
        return self.pairs.answer(source)

    def answer_length(self, source_length):
        """Return the length of the longest answer."""
        return self.pairs.longest_target

    def source_length(self, length):
        """Return the length of the sources drawn if this length is requested; it may be traced."""
        return nearest_length(self.pairs.table(self.split), length)

"""Early stopping, restarts and the choice of the best weights: pure functions of the evaluations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neuralstack._metrics_file import LEARNED as LEARNED, Record as Record, rank as rank
from neuralstack.training._bounds import Steps


@dataclass(frozen=True)
class Stopping:
    """The rule for when training stops early, and when an attempt restarts.

    Examples:
        >>> Stopping(stop_after_perfect=2).perfect_at(
        ...     [{"step": n, "attempt": 0, "validation": {"coarse": 1}} for n in (5, 9)]
        ... )
        9
    """

    stop_after_perfect: Steps = 4
    """Stop after this many perfect evaluations in a row; 0 disables early stopping."""
    extra_steps: Steps = 0
    """Batches to train on after those evaluations, for example while gates become discrete."""
    restart_after: Steps | None = None
    """Batches without progress after which an attempt still in its warm-up restarts with new weights; 0 disables
    restarts."""
    begin_within: Steps = 0
    """Batches of an attempt by which its finishing phase must begin, or it restarts; 0 disables such restarts."""
    finish_within: Steps = 0
    """Batches after the beginning of the finishing phase by which validation must be perfect, or the attempt restarts;
    0 disables such restarts. The best machine of all attempts is kept."""

    def perfect_at(self, records: Sequence[Record]) -> int | None:
        """Return the first step at which enough evaluations of one attempt in a row were perfect, or None."""
        count = self.stop_after_perfect
        for end in range(count, len(records) + 1 if count else 0):
            last = records[end - count : end]
            if len({record["attempt"] for record in last}) == 1 and all(is_perfect(record) for record in last):
                return int(last[-1]["step"])
        return None

    def is_over(self, records: Sequence[Record], step: int) -> bool:
        """Return whether training has been perfect for long enough."""
        perfect = self.perfect_at(records)
        return perfect is not None and step >= perfect + self.extra_steps

    def should_restart(self, stalled: int, records: Sequence[Record] = (), attempt: int = 0) -> bool:
        """Return whether an attempt, its warm-up or its finishing phase takes too many batches.

        Args:
            stalled: Number of batches for which its warm-up has been without progress.
            records: The evaluations of all attempts.
            attempt: Number of restarts before this attempt.
        """
        if self.restart_after and stalled >= self.restart_after:
            return True
        own = [record for record in records if record["attempt"] == attempt and "quantization" in record]
        finishing = [record["step"] for record in own if record["quantization"] > 0]
        if not finishing:
            begun = max((record["step"] for record in records if record["attempt"] < attempt), default=0)
            return bool(self.begin_within and own) and own[-1]["step"] - begun >= self.begin_within
        late = bool(self.finish_within) and finishing[-1] - finishing[0] >= self.finish_within
        enough = replace(self, stop_after_perfect=self.stop_after_perfect or 1)  # without early stopping, one will do
        return late and enough.perfect_at(own) is None


def is_perfect(record: Record) -> bool:
    """Return whether every sequence of the validation set was answered without an error, and nothing is left to do.

    With quantization, the finishing phase must have begun: before, another machine is evaluated.
    """
    return record["validation"].get("coarse") == 1 and record.get("quantization", 1) > 0

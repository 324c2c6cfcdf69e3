"""Results of a verification: all that was checked, assumed and proved about a program."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from neuralstack.verification._conformance import Conformance


class NotProved(Exception):
    """Raised if no proof is found; the message says why."""


class Proof(NamedTuple):
    """A proof that a program answers as its specification, for every length."""

    obligations: int
    """Number of formulas that Z3 proved."""
    states: tuple[str, ...]
    """The pairs of states in which the two programs are after the same tokens."""
    values: tuple[str, ...]
    """The pairs of values that their memories hold at the same place."""

    def __str__(self) -> str:
        values = f" and {len(self.values)} of values" if self.values else ""
        pairs = "1 pair" if len(self.states) == 1 else f"{len(self.states)} pairs"
        return f"an invariant of {pairs} of states{values}, by {self.obligations} formulas in Z3"

    def record(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {name: list(of) if isinstance(of, tuple) else of for name, of in self._asdict().items()}


@dataclass(frozen=True)
class Counterexample:
    """A source that a program answers wrongly, and where."""

    source: str
    given: str
    """The tokens up to the wrong answer."""
    right: str
    answered: str | None
    """The program's answer, None if it has none."""
    is_shortest: bool
    """Whether no shorter source is answered wrongly."""

    def __str__(self) -> str:
        answered = "nothing" if self.answered is None else repr(self.answered)
        shortest = "no shorter source is answered wrongly" if self.is_shortest else "there may be shorter ones"
        return (
            f"of the source {self.source!r}, after {self.given!r}, the program answers {answered} where {self.right!r} "
            f"is right; {shortest}"
        )


@dataclass(frozen=True)
class Checked:
    """Sources that a program answered right, all or some of a range of lengths."""

    sources: int
    lengths: tuple[int, int]
    seconds: float

    def __str__(self) -> str:
        low, high = self.lengths
        return f"{self.sources} of {'length' if low == high else 'lengths'} {low if low == high else f'{low}-{high}'}"


@dataclass(frozen=True)
class Verification:
    """All that was found out about a program and its task.

    Printed, it has a line for each check.
    """

    every: Checked | None
    """All sources of the task up to a length; None if not even those of the first length were checked."""
    drawn: Checked | None
    """Sources that were drawn at random; None if there was a counterexample before."""
    proof: Proof | None
    """The proof that it is right for every length, if there is one."""
    unproved: str
    """The reason if there is no proof."""
    assumed: tuple[str, ...]
    """The assumptions of the proof."""
    counterexample: Counterexample | None
    conformance: "Conformance | None" = None
    """The conformance of the machine's control with the program's, if a machine was given and could be tested."""
    untested: str = ""
    """The reason if it could not be tested."""

    @property
    def verdict(self) -> str:
        """`refuted`, `proved` for every length, or `checked` on these sources only."""
        return "refuted" if self.counterexample else "proved" if self.proof else "checked"

    def lines(self) -> list[tuple[str, str]]:
        """Return what was checked and how it ended, one thing a line."""
        lines = []
        if self.every is not None:
            lines.append(("all sources", f"right: {self.every}, in {self.every.seconds:.1f} s"))
        if self.drawn is not None:
            lines.append(("random sources", f"right: {self.drawn}, in {self.drawn.seconds:.1f} s"))
        if self.counterexample is not None:
            return [*lines, ("counterexample", str(self.counterexample))]
        if self.conformance is not None:
            lines.append(("network", str(self.conformance)))
        elif self.untested:
            lines.append(("network", f"not tested: {self.untested}"))
        if self.proof is None:
            return [*lines, ("every length", f"not proved: {self.unproved}")]
        lines.append(("every length", f"proved: {self.proof}"))
        return lines + [("assumed", text) for text in self.assumed]

    def __str__(self) -> str:
        lines = self.lines()
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:{width}}  {text}" for name, text in lines)

    def record(self) -> dict[str, Any]:
        """Return all of it as plain data."""

        def plain(of: Any) -> Any:
            return None if of is None else dict(vars(of))

        return {
            "verdict": self.verdict,
            "every": plain(self.every),
            "drawn": plain(self.drawn),
            "proof": None if self.proof is None else self.proof.record() | {"assumed": list(self.assumed)},
            "unproved": self.unproved,
            "counterexample": plain(self.counterexample),
            "conformance": None if self.conformance is None else self.conformance.record(),
            "untested": self.untested,
        }

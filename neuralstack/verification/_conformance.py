"""Conformance of a control with that of a program: a hardened machine, or another program, is tested with a suite."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from neuralstack.automata import StackTransducer
from neuralstack.verification._control import Control, Input, Output, Word, control_of, outputs_of
from neuralstack.verification._result import NotProved
from neuralstack.verification._suite import TooManyWords, conformance_suite

Subject = Callable[[Sequence[Word]], Iterable[Iterable[Output]]]
"""A function from words to the outputs of the control under test for each input, up to one that it does not take."""
MOST_INPUTS = 100_000


@dataclass(frozen=True)
class Difference:
    """A word on which two controls differ, at its last input: what the program does, and what the other one does."""

    word: tuple[str, ...]
    program: str
    other: str

    def __str__(self) -> str:
        return f"after {', '.join(self.word)}, the program {self.program}, and the other {self.other}"


@dataclass(frozen=True)
class Conformance:
    """The result of a conformance suite.

    Without a difference, the control under test does as the program on all words of possible inputs, of any length,
    provided that it has no more than `states + extra_states` states.
    """

    words: int
    """Number of words of the suite."""
    inputs: int
    """Number of inputs of all words."""
    states: int
    """Number of states of the program."""
    extra_states: int
    """Number of states that the control under test may have more."""
    difference: Difference | None

    def __str__(self) -> str:
        if self.difference is not None:
            return f"differs: {self.difference}"
        most = self.states + self.extra_states
        return (
            f"acts and answers as the program on {self.words} words, so always if its control has at most {most} "
            f"{'state' if most == 1 else 'states'}, {self.extra_states or 'none'} more than the program's"
        )

    def record(self) -> dict[str, Any]:
        """Return it as plain data."""
        return vars(self) | {"difference": self.difference and vars(self.difference)}


def check_conformance(
    program: StackTransducer,
    other: StackTransducer | Subject,
    *,
    specification: StackTransducer | None = None,
    extra_states: int = 1,
    sees: bool = True,
    most: int = MOST_INPUTS,
) -> Conformance:
    """Test whether a control does as that of a program, in all that can be observed of it.

    A program's *control* is all of it but its memories: given a token and what each memory shows, it acts on the
    memories and goes on to another state, and what they show then decides the answer. Actions and answers are observed;
    what the memories show is chosen by the test, from what a sequence of the task can show in that state. If the other
    control passes and has at most `extra_states` more states than the program, then it does as the program on every
    sequence of inputs that are possible one after the other. So with memories of the same kinds, it does so on every
    sequence of the task.

    Args:
        program: The program, of which each state is needed (see `StackTransducer.minimal`).
        other: The control under test: another program, with the same tokens, memories and kinds of values, or a
            function from words to outputs, such as `machine_control` returns.
        specification: The task as a program, whose sequences are those that are possible. Defaults to all that the
            program has rules for.
        extra_states: Number of states that the other control may have more than the program. If this needs too many
            words, it is a smaller number.
        sees: Whether the other control may act by what the memories show. If it cannot, fewer words are needed.
        most: Number of inputs of all words.

    Raises:
        ValueError: If a number is negative, or two programs differ in what they are given.
        NotProved: If not even the words for as many states are few enough, or the possible inputs are not known.

    Examples:
        >>> import neuralstack as ns
        >>> from neuralstack.verification import specification
        >>> right = specification(ns.TASKS["dyck-1"]()).minimal()
        >>> print(check_conformance(right, right, extra_states=2))
        acts and answers as the program on 54 words, so always if its control has at most 3 states, 2 more than the
        program's
    """
    if extra_states < 0:
        raise ValueError(f"extra_states must not be negative, got {extra_states}.")
    subject = subject_of(program, other) if isinstance(other, StackTransducer) else other
    control = control_of(program, specification, sees=sees)
    for extra in range(extra_states, -1, -1):
        try:
            words = conformance_suite(control, extra, most)
        except TooManyWords:
            continue
        found = difference(control, words, subject)
        return Conformance(len(words), sum(map(len, words)), len(program.states), extra, found)
    raise NotProved(f"its conformance suite has more than {most} inputs")


def subject_of(program: StackTransducer, other: StackTransducer) -> Subject:
    """Return the control of another program.

    Raises:
        ValueError: If it has other tokens, memories or kinds of values.
    """
    for name in ("vocabulary", "memories", "kinds"):
        if getattr(program, name) != getattr(other, name):
            raise ValueError(
                f"the other program has another {name}: give one with the same tokens, memories and kinds."
            )
    return lambda words: (outputs_of(other, word) for word in words)


def difference(control: Control, words: Sequence[Word], subject: Subject) -> Difference | None:
    """Return the shortest difference between the outputs for some words, if there is any."""
    found: Difference | None = None
    for word, observed in zip(words, subject(words), strict=True):
        state, seen = 0, iter(observed)
        for step, given in enumerate(word):
            if found is not None and step + 1 >= len(found.word):
                break
            wanted = control.output(state, given)
            if step == 0:  # no answer is asked for yet
                wanted = wanted._replace(answer=None)
            if (got := next(seen, None)) is None or not agrees(wanted, got, given):
                found = difference_at(control, word[: step + 1], wanted, got)
                break
            if given.token is not None:
                state = control.after(state, given)
    return found


def agrees(wanted: Output, got: Output, given: Input) -> bool:
    """Return whether an output is the right one, where one is asked for."""
    if wanted.answer is not None and got.answer != wanted.answer:
        return False
    return given.token is None or got.action == wanted.action


def difference_at(control: Control, word: Word, wanted: Output, got: Output | None) -> Difference:
    """Return the difference at the last input of a word as text."""
    program = control.program
    if got is None:
        got = Output(None, None)
    if wanted.answer is not None and got.answer != wanted.answer:
        names = [None if of.answer is None else repr(program.vocabulary[of.answer]) for of in (wanted, got)]
        texts = [f"answers {name or 'nothing'}" for name in names]
    else:
        texts = [action_in_words(program, of.action) for of in (wanted, got)]
    return Difference(tuple(input_in_words(program, given) for given in word), *texts)


def input_in_words(program: StackTransducer, given: Input) -> str:
    """Return an input as text."""
    shown = [shown_in_words(program, memory, kind) for memory, kind in enumerate(given.reads)]
    token = "the end" if given.token is None else repr(program.vocabulary[given.token])
    return token + (f" with {' and '.join(shown)} on top" if shown else "")


def shown_in_words(program: StackTransducer, memory: int, kind: int | None) -> str:
    """Return the name of a kind of value, or `nothing`."""
    return "nothing" if kind is None else repr(program.kinds[memory][kind])


def action_in_words(program: StackTransducer, action: Any) -> str:
    """Return an action as text."""
    if action is None:
        return "has no rule"
    done = []
    for memory, (pop, push) in enumerate(zip(*action, strict=True)):
        clauses = ["pops"] if pop else []
        if push is not None:
            clauses.append(f"pushes {shown_in_words(program, memory, push)} to")
        where = f" {memory + 1}" if len(program.memories) > 1 else ""
        done.append(f"{' and '.join(clauses) or 'keeps'} the {program.memories[memory]}{where}")
    return ", ".join(done) or "has no memory"

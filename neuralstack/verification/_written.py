"""Programs written down as functions of their states, tokens and what is on top of one memory."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from neuralstack.automata import Choice, StackTransducer, always
from neuralstack.tasks import AbstractTask

Action = tuple[Hashable, bool, Any]
"""The next state, whether the memory is popped, and the kind that is pushed, or None."""


def words(task: AbstractTask) -> list[str]:
    """Return the text of each token of a task."""
    return [task.decode([token]) for token in range(task.vocab_size)]


def write_program(
    vocabulary: Sequence[str],
    memory: str | None,
    kinds: Sequence[Hashable],
    start: Hashable,
    rule: Callable[[Any, int, Any], Action | None],
    answer: Callable[[Any, Any], int | None],
) -> StackTransducer:
    """Return the program with the states that are reached from the first one.

    Args:
        vocabulary: Text of each token.
        memory: The kind of the memory, `stack` or `queue`; None if there is none.
        kinds: The kinds of its values, which must not be None.
        start: The first state; states may be anything that can be looked up.
        rule: From a state, a token, and the kind that the memory shows, None if it is empty, to an action, or None
            where no sequence has this token.
        answer: From a state and what the memory shows after the step to a token, or None where none is asked for.

    Examples:
        >>> rule = lambda state, token, top: (token or state, False, None)
        >>> program = write_program("01", None, (), 0, rule, lambda state, top: state)
        >>> program.run([0, 1, 0])  # whether there was a 1
        [0, 1, 1]
    """
    tops: dict[Any, Any] = {(): None}
    if memory is not None:
        tops = {(None,): None} | {(number,): kind for number, kind in enumerate(kinds)}
    states, rules, answers = {start: 0}, [], []
    for state in (order := [start]):
        row = []
        for token in range(len(vocabulary)):
            cases = {}
            for reads, top in tops.items():
                if (action := rule(state, token, top)) is not None:
                    new, pop, push = action
                    if new not in states:
                        states[new] = len(states)
                        order.append(new)
                    pushed = None if push is None else kinds.index(push)
                    cases[reads] = states[new], *(((), ()) if memory is None else ((pop,), (pushed,)))
            row.append(choice_of(cases, memory, len(kinds)))
        rules.append(tuple(row))
        shown = {reads: token for reads, top in tops.items() if (token := answer(state, top)) is not None}
        answers.append(choice_of(shown, memory, len(kinds)) or Choice((), {}))
    memories = () if memory is None else (memory,)
    names = (tuple(map(text_of, kinds)),) * len(memories)
    return StackTransducer(tuple(vocabulary), memories, tuple(map(text_of, order)), names, tuple(rules), tuple(answers))


def choice_of(cases: dict[Any, Any], memory: str | None, kinds: int) -> Choice | None:
    """Return the choice with these cases, which sees the memory only if they differ; None if there are none."""
    if not cases:
        return None
    first = next(iter(cases.values()))
    if len(cases) == kinds + 1 and all(outcome == first for outcome in cases.values()):
        return always(first)
    return Choice(() if memory is None else (0,), cases)


def text_of(name: Hashable) -> str:
    """Return the name of a state or a kind as text."""
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)

"""A program run on many sequences at once, which Python would run one step at a time."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from neuralstack.automata._choice import Choice
from neuralstack.discretization import Fresh

if TYPE_CHECKING:
    from neuralstack.automata._transducer import StackTransducer

SEQUENCES = 1000  # that a program runs on at once, which bounds the space that it needs
NONE = -1
"""The number for nothing: an empty memory shows it, an action does not push it, and it is no answer."""


class Choices:
    """Choices of a program as a sorted table: one look-up finds the outcomes for many sequences.

    The key of a case is the number of its choice, followed by what each memory shows, 0 where the choice does not see
    it.
    """

    def __init__(self, program: "StackTransducer", choices: Sequence[Choice | None]):
        self.sizes = [len(kinds) + 1 for kinds in program.kinds]
        self.sees = np.zeros((len(choices), len(self.sizes)), np.int64)
        cases = [
            (number, choice.sees, reads, outcome)
            for number, choice in enumerate(choices)
            if choice
            for reads, outcome in choice.cases.items()
        ]
        shown = np.full((len(cases), len(self.sizes)), NONE)
        for row, (number, sees, reads, _) in enumerate(cases):
            self.sees[number, list(sees)] = 1
            shown[row, list(sees)] = [NONE if kind is None else kind for kind in reads]
        keys = self.key(np.array([number for number, *_ in cases], np.int64), shown)
        order = np.argsort(keys)
        self.keys = np.concatenate([[NONE], keys[order]])
        self.outcomes: list[Any] = [None, *(cases[place][-1] for place in order)]

    def key(self, number: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Return the keys of choices for what the memories show, [..., memories]."""
        for memory, size in enumerate(self.sizes):
            number = number * size + shown[..., memory] + 1
        return number

    def places(self, number: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Return the places of outcomes in the table; the first, 0, is that of none."""
        seen = (shown + 1) * self.sees[number] - 1
        key = self.key(number, seen)
        place = np.searchsorted(self.keys, key)
        return np.where(self.keys[np.minimum(place, len(self.keys) - 1)] == key, place, 0)


def run_batch(
    program: "StackTransducer", tokens: Int[np.ndarray, "sequences steps"], used: Int[np.ndarray, " sequences"]
) -> Int[np.ndarray, "sequences steps"]:
    """Return the answer of a program after each step of many sequences.

    Args:
        program: The program.
        tokens: The tokens of the sequences.
        used: Number of steps of each sequence.

    Returns:
        The answers; -1 where there is none, and throughout a sequence with a token that has no rule.

    Examples:
        >>> import numpy as np
        >>> from neuralstack import StackTransducer
        >>> from neuralstack.automata import Choice, always
        >>> zero, one = always((0, (True,), (0,))), always((0, (True,), (1,)))
        >>> answers = (Choice((0,), {(0,): 0, (1,): 1}),)
        >>> program = StackTransducer(("0", "1"), ("stack",), ("push",), (("zero", "one"),), ((zero, one),), answers)
        >>> run_batch(program, np.array([[0, 1, 1], [1, 0, 0]]), np.array([3, 1]))
        array([[ 0,  1,  1],
               [ 1, -1, -1]], dtype=int32)
    """
    count, memories = len(program.vocabulary), range(len(program.memories))
    rules = Choices(program, [choice for row in program.rules for choice in row])
    answers = Choices(program, program.answers)
    actions = [action or (NONE, [False] * len(memories), [NONE] * len(memories)) for action in rules.outcomes]
    new = np.array([action[0] for action in actions])
    pops = np.array([action[1] for action in actions], bool).reshape(len(actions), -1)
    pushes = np.array([[NONE if kind is None else kind for kind in action[2]] for action in actions], np.int64)
    pushes = pushes.reshape(len(actions), -1)
    answer_of = np.array([NONE if outcome is None else outcome for outcome in answers.outcomes])

    answered = np.full(tokens.shape, NONE, np.int32)
    held = np.full((len(memories), *tokens.shape), NONE, np.int32)  # what was pushed, in its order
    first, last = np.zeros((2, len(tokens), len(memories)), np.int64)  # the part of it that is still there
    state = np.zeros(len(tokens), np.int64)
    shown = np.full((len(tokens), len(memories)), NONE)
    alive = np.ones(len(tokens), bool)
    for time in range(tokens.shape[1]):
        rows = np.flatnonzero(alive & (used > time))
        place = rules.places(state[rows] * count + tokens[rows, time], shown[rows])
        alive[rows[place == 0]] = False
        rows, place = rows[place > 0], place[place > 0]
        state[rows] = new[place]
        for memory in memories:
            popped = rows[pops[place, memory] & (last[rows, memory] > first[rows, memory])]
            if program.memories[memory] == "stack":
                last[popped, memory] -= 1
            else:
                first[popped, memory] += 1
            pushed = pushes[place, memory]
            pushing = rows[pushed != NONE]
            held[memory, pushing, last[pushing, memory]] = pushed[pushed != NONE]
            last[pushing, memory] += 1
            end = last[rows, memory] - 1 if program.memories[memory] == "stack" else first[rows, memory]
            there = last[rows, memory] > first[rows, memory]
            shown[rows, memory] = np.where(there, held[memory, rows, np.where(there, end, 0)], NONE)
        answered[rows, time] = answer_of[answers.places(state[rows], shown[rows])]
    answered[~alive] = NONE
    return answered


def program_answers(
    program: "StackTransducer", data: Fresh, advance: Callable[[int], None] = lambda _: None
) -> np.ndarray:
    """Return the answer of a program after every step, or -1 throughout a sequence if a token in it has no rule."""
    answered = np.full(data.tokens.shape, -1, np.int32)
    for start in range(0, len(data.used), SEQUENCES):
        rows = slice(start, min(start + SEQUENCES, len(data.used)))
        steps = data.used[rows].max(initial=0)
        answered[rows, :steps] = run_batch(program, data.tokens[rows, :steps], data.used[rows])
        advance(rows.stop - rows.start)
    return answered

"""The program of a machine whose every number is rounded, learned from its steps on sequences of the task."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import tee
from typing import Any

import numpy as np

from neuralstack.automata._batch import program_answers
from neuralstack.automata._choice import Choice, Reads, narrowed
from neuralstack.automata._control import Configuration, Control, TooManyRules
from neuralstack.automata._layout import Layout
from neuralstack.automata._merge import merge
from neuralstack.automata._quotient import Quotient, Rest, TooManyStates
from neuralstack.automata._transducer import StackTransducer
from neuralstack.discretization import Fresh, answers, draw_fresh
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask, PairTask, StoredTask

ROUNDS = (8, 300), (30, 500), (120, 400)  # the longest source and the number of sequences of each
CHECKS = 8  # most sets of further sequences, which correct the program where it answers otherwise
CORRECTIONS = 16  # sequences of a set that the program is corrected by, the shortest ones
ATTEMPTS = 4  # with the same sequences in another order
MOST_CONTEXTS = 8  # kinds of tokens by what may follow; more of them come from what was not drawn
MOST_SWEEPS = 40  # over all sequences of the rounds so far


Sequence = tuple[Rest, list[int | None]]
"""A sequence, and the scored answers of the machine before the first step and after each one."""


@dataclass
class Used:
    """The rules and the answers of a quotient that some sequences use."""

    rules: dict[tuple[int, int, Reads], Any] = field(default_factory=dict)
    answers: dict[tuple[int, Reads], int] = field(default_factory=dict)

    def add(self, quotient: Quotient, whole: Rest, trail: list[Configuration], answered: list[int | None]) -> None:
        """Add those of a sequence, which the quotient answers like this."""
        shown = [quotient.control.shown(now.held) for now in trail]
        for now, token, reads in zip(trail, whole.tokens, shown, strict=False):
            self.rules[now.state, token, reads] = quotient.rules[now.state, token, reads]
        for now, token, reads in zip(trail, answered, shown, strict=True):
            if token is not None:
                self.answers[now.state, reads] = token


class NotSettled(Exception):
    """Raised if further sequences go on telling states or values apart."""


def learn(machine: Machine, task: AbstractTask, layout: Layout | None) -> StackTransducer:
    """Return the program that a rounded machine runs on its task, in its smallest form.

    Which state or value represents its kind depends on the order of the sequences, and so does what the program does
    where it does not matter. Of the programs of several orders, with such states merged or not, it is the one that
    takes the fewest bits: with fewer states, more may depend on what the memories show.

    Raises:
        TooManyStates: If the program would have too many states.
        TooManyRules: If more steps of the machine had to be compared than takes a few minutes.
        Unsteady: If the machine answers otherwise when its steps are computed in another order.
        NotSettled: If further sequences go on telling states or values apart.
    """
    control, rounds = Control(machine), [[*sequences(*some)] for some in drawn(machine, task, ROUNDS)]
    checks = drawn(machine, task, ROUNDS[-1:] * CHECKS, first_seed=2 + len(ROUNDS))
    rng, found, context_of = np.random.default_rng(0), [], contexts(task.vocab_size, rounds)
    for attempt in range(ATTEMPTS):
        order = rounds if attempt == 0 else [[some[row] for row in rng.permutation(len(some))] for some in rounds]
        with suppress(*([TooManyStates, TooManyRules, NotSettled] if attempt else [])):
            quotient, known = Quotient(control, context_of), []
            for some in order[:-1]:
                known += some
                settled(quotient, known)
            known += order[-1]
            checks, own = tee(checks)  # each set is drawn when it is first needed
            written = partial(write, quotient, task=task, layout=layout)
            used = corrected(quotient, known, own, written)
            found.append(written(used).minimal())
            apart, further = written(used, merges=False), next(own, None)
            if further is not None and not len(differences(apart, *further)[1]):
                found.append(apart.minimal())
    return min(found, key=lambda program: program.bits)


def contexts(vocab_size: int, rounds: list[list[Sequence]]) -> list[int]:
    """Return a number for each token, the same for those that the same tokens follow.

    Where too few sequences were drawn to see which tokens may follow, it is the same for all.
    """
    follows: list[set[int]] = [set() for _ in range(vocab_size)]
    for some in rounds:
        for whole, _ in some:
            for token, after in zip(whole.tokens, [*whole.tokens[1:], -1], strict=True):
                follows[token].add(after)
    numbers: dict[frozenset[int], int] = {}
    found = [numbers.setdefault(frozenset(of), len(numbers)) for of in follows]
    return found if len(numbers) <= MOST_CONTEXTS else [0] * vocab_size


def drawn(
    machine: Machine, task: AbstractTask, sizes: Iterable[tuple[int, int]], first_seed: int = 2
) -> Iterator[tuple[Fresh, np.ndarray]]:
    """Yield sets of sequences of the task with the machine's answers, given the longest source and number of each."""
    for seed, (longest, count) in enumerate(sizes, start=first_seed):
        if isinstance(task, PairTask | StoredTask):
            longest = min(longest, task.pairs.longest_source)
        data = draw_fresh(task, (1, longest), count, seed=seed)
        yield data, answers(machine, data)


def corrected(
    quotient: Quotient,
    known: list[Sequence],
    checks: Iterable[tuple[Fresh, np.ndarray]],
    written: Callable[[Used], StackTransducer],
) -> Used:
    """Return what a quotient uses, corrected by further sequences until its program answers a whole set as expected."""
    used = settled(quotient, known)
    for data, expected in checks:
        differing = [*sequences(*differences(written(used), data, expected))]
        if not differing:
            break
        known += differing
        used = settled(quotient, known)
    return used


def differences(program: StackTransducer, data: Fresh, expected: np.ndarray) -> tuple[Fresh, np.ndarray]:
    """Return the first sequences of a set, from the shortest on, that a program answers otherwise than expected."""
    wrong = ((program_answers(program, data) != expected) & data.scored).any(1)
    rows = np.flatnonzero(wrong)[:CORRECTIONS]
    return Fresh(data.tokens[rows], data.scored[rows], data.used[rows]), expected[rows]


def sequences(data: Fresh, answered: np.ndarray) -> Iterator[Sequence]:
    """Yield each sequence with the machine's scored answers."""
    for row, used in enumerate(data.used.tolist()):
        scored = data.scored[row, :used].tolist()
        given = [token if on else None for token, on in zip(answered[row, :used].tolist(), scored, strict=True)]
        yield Rest(data.tokens[row, :used].tolist(), [False, *scored]), [None, *given]


def settled(quotient: Quotient, known: list[Sequence]) -> Used:
    """Refine a quotient until it answers all sequences as expected; return what it uses for them."""
    for _ in range(MOST_SWEEPS):
        used, wrong = Used(), 0
        for whole, expected in known:
            trail = quotient.refine(whole, expected)
            if trail is None:
                wrong += 1
            elif not wrong:
                used.add(quotient, whole, trail, expected)
        if not wrong:
            return used
    raise NotSettled


def write(
    quotient: Quotient, used: Used, task: AbstractTask, layout: Layout | None, merges: bool = True
) -> StackTransducer:
    """Return the program of a quotient, in which states are merged that nothing tells apart which the task asks for."""
    roots = merged(len(quotient.states), used) if merges else list(range(len(quotient.states)))
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    state_of = [numbers[root] for root in roots]
    sizes, memories = list(map(len, quotient.values)), range(len(quotient.values))
    kind_of = [{value: kind for kind, value in enumerate(values)} for values in quotient.values]

    def kinds(values: Reads) -> Reads:
        return tuple(None if value is None else of[value] for value, of in zip(values, kind_of, strict=True))

    rules: list[list[dict[Reads, Any]]] = [[{} for _ in range(task.vocab_size)] for _ in numbers]
    answered: list[dict[Reads, int]] = [{} for _ in numbers]
    for (state, token, shown), (new, pops, pushes) in used.rules.items():
        rules[state_of[state]][token][kinds(shown)] = state_of[new], pops, kinds(pushes)
    for (state, shown), token in used.answers.items():
        answered[state_of[state]][kinds(shown)] = token

    def choice(cases: dict[Reads, Any]) -> Choice:
        return narrowed(Choice(tuple(memories), cases), sizes, fill=True)

    return StackTransducer(
        tuple(task.decode([token]) for token in range(task.vocab_size)),
        tuple(end.kind for end in quotient.control.ends),
        tuple(map(str, range(len(numbers)))),
        tuple(tuple(map(str, range(size))) for size in sizes),
        tuple(tuple(choice(cases) if cases else None for cases in row) for row in rules),
        tuple(choice(cases) for cases in answered),
        layout,
    )


def merged(count: int, used: Used) -> list[int]:
    """Return for each state the one that it is merged with.

    What happens in a state is written as the labels of transitions: one for each token and what the memories show, and,
    for an answer, one back to the state itself.
    """
    letters: dict[Any, int] = {}
    labels: dict[Any, int] = {}
    found = [
        (state, (token, shown), new, (pops, pushes))
        for (state, token, shown), (new, pops, pushes) in used.rules.items()
    ]
    found += [(state, shown, state, token) for (state, shown), token in used.answers.items()]
    places = [letters.setdefault(letter, len(letters)) for _, letter, _, _ in found]
    leads = np.full((count, max(1, len(letters))), -1)
    done = np.full_like(leads, -1)
    for (state, _, new, label), place in zip(found, places, strict=True):
        leads[state, place], done[state, place] = new, labels.setdefault(label, len(labels))
    return merge(leads, done, np.full(count, -1), leads >= 0).tolist()

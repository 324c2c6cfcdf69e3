"""Conformance suites: words on which two controls differ if they differ at all, as long as one is not too large.

The method is that of harmonized state identifiers, a refinement of the W-method (Vasilevskii, 1973; Chow, 1978; Luo,
Petrenko and Bochmann, 1995), in the form for partial machines, which counts states (Petrenko and Yevtushenko, 2005).
Each word leads to a state, goes on from there, and ends with a word that tells the state it should then be in from
another one. Let the control have n states, and another one at most m = n + k. A shortest way to a difference never
comes twice to the same pair of states of the two, so among any c states that words tell apart from each other it passes
at most m - c before the difference: going on as far as that is enough.
"""

from collections.abc import Iterator
from typing import Any

from neuralstack.verification._control import Control, Input, Output, Word

Pair = tuple[int, int]


class TooManyWords(Exception):
    """Raised if a suite would have more words than are allowed."""


def conformance_suite(control: Control, extra_states: int, most: int) -> list[Word]:
    """Return words on which every control that differs from this one does so, if it has few states.

    Args:
        control: The control.
        extra_states: Number of states that the other one may have more than this one's program.
        most: Number of inputs that all words may have together, where those that begin alike share their beginnings.

    Raises:
        TooManyWords: If more are needed.
    """
    apart = separating_words(control)
    endings = {state: [word for pair, word in apart.items() if state in pair] for state in control.inputs}
    tree: dict[Input, Any] = {}
    count, words = 0, needed(control, groups_of(control, apart), endings, len(control.program.states) + extra_states)
    for number, word in enumerate(words):
        branch = tree
        for given in word:
            count += given not in branch
            branch = branch.setdefault(given, {})
        if max(count, number) > most:
            raise TooManyWords
    return list(leaves(tree))


def needed(control: Control, groups: list[set[int]], endings: dict[int, list[Word]], limit: int) -> Iterator[Word]:
    """Yield the words of a suite, some of them several times, or as the beginnings of others.

    Args:
        control: The control.
        groups: Groups of states of which each two are told apart.
        endings: For each state, the words that tell it from others.
        limit: Number of states of the other control.
    """
    for state, access in {None: (), **shortest_words(control)}.items():
        stack: list[tuple[int | None, Word, tuple[int, ...]]] = [(state, access, (0,) * len(groups))]
        yield from (access + ending for ending in endings.get(state, ()))
        while stack:
            state, word, passed = stack.pop()
            for given in control.first if state is None else control.inputs[state]:
                longer = (*word, given)
                if given.token is None:
                    yield longer
                    continue
                new = control.after(state or 0, given)
                yield from (longer + ending for ending in endings[new] or [()])
                visits = tuple(count + (new in group) for count, group in zip(passed, groups, strict=True))
                if all(count + len(group) <= limit for count, group in zip(visits, groups, strict=True)):
                    stack.append((new, longer, visits))


def shortest_words(control: Control) -> dict[int, Word]:
    """Return a shortest word, of at least one input, to each state."""
    words: dict[int, Word] = {}
    order: list[tuple[int, Word, tuple[Input, ...]]] = [(0, (), control.first)]
    for state, word, inputs in order:
        for given in inputs:
            if given.token is not None and (new := control.after(state, given)) not in words:
                words[new] = (*word, given)
                order.append((new, words[new], control.inputs[new]))
    return words


def separating_words(control: Control) -> dict[Pair, Word]:
    """Return a shortest word for each two states that some word of inputs, possible in both, tells apart."""
    both = {
        (one, other): [given for given in control.inputs[one] if given in set(control.inputs[other])]
        for one in control.inputs
        for other in control.inputs
        if one < other
    }
    words: dict[Pair, Word] = {}
    for pair, inputs in both.items():
        for given in inputs:
            if tells_apart(*(control.output(state, given) for state in pair)):
                words[pair] = (given,)
                break
    while longer := one_longer(control, both, words):
        words |= longer
    return dict(sorted(words.items()))


def one_longer(control: Control, both: dict[Pair, list[Input]], words: dict[Pair, Word]) -> dict[Pair, Word]:
    """Return a word for each further pair of states that an input leads to a pair that is told apart."""
    found: dict[Pair, Word] = {}
    for pair in both.keys() - words.keys():
        for given in both[pair]:
            if given.token is not None:
                one, other = sorted(control.after(state, given) for state in pair)
                if (one, other) in words:
                    found[pair] = (given, *words[one, other])
                    break
    return found


def tells_apart(one: Output, other: Output) -> bool:
    """Return whether two outputs are observed to be different: where one has no answer, any will do."""
    answers = None not in (one.answer, other.answer) and one.answer != other.answer
    return answers or one.action != other.action


def groups_of(control: Control, apart: dict[Pair, Word]) -> list[set[int]]:
    """Return groups of states of which each two are told apart, as large as they can be, that hold every state."""
    groups: list[set[int]] = []
    for first in control.inputs:
        group = {first}
        for state in control.inputs:
            if all((min(state, other), max(state, other)) in apart for other in group):
                group.add(state)
        if group not in groups:
            groups.append(group)
    return groups


def leaves(tree: dict[Input, Any]) -> Iterator[Word]:
    """Yield the words that are not the beginning of another one."""
    stack: list[tuple[Word, dict[Input, Any]]] = [((), tree)]
    while stack:
        word, branch = stack.pop()
        if not branch and word:
            yield word
        stack += [((*word, given), longer) for given, longer in branch.items()]

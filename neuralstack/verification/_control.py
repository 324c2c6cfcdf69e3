"""The control of a program as a Mealy machine: what it does given a token and what its memories show.

The memories themselves are left out: what they show is an input, like the token. An input without a token only shows
something, and is for the answer after the last token. The output is the answer that the step before is given by what
is shown now, and the action that the token leads to. A control is partial: an input is *possible* in a state if some
sequence of the task leads to it.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from neuralstack.automata import StackTransducer
from neuralstack.verification._groups import EMPTY, NotAligned
from neuralstack.verification._relation import Relation, find_relation, outcome, tops_after
from neuralstack.verification._result import NotProved

SECONDS = 60  # to find the possible inputs


class Input(NamedTuple):
    """A token, None after the last one, and the kinds that the memories show before it."""

    token: int | None
    reads: tuple[int | None, ...]


class Output(NamedTuple):
    """The answer to the token before, given what is shown now, and the action; each None where there is none."""

    answer: int | None
    action: tuple[tuple[bool, ...], tuple[int | None, ...]] | None
    """Whether something is popped from each memory, and the kind that is pushed to it, if any."""


Word = tuple[Input, ...]


class Control(NamedTuple):
    """The control of a program with the inputs that are possible in each state."""

    program: StackTransducer
    first: tuple[Input, ...]
    """The inputs that are possible at the first step, when no answer is asked for yet."""
    inputs: dict[int, tuple[Input, ...]]
    """Those after at least one step, for each state that the program is then in."""
    sees: bool
    """Whether a token is asked for with all that the memories can show. Otherwise it is asked for with one value or
    nothing, which must not matter to the action, and answers are asked for without a token only."""

    def after(self, state: int, given: Input) -> int:
        """Return the state after a possible input with a token."""
        assert given.token is not None
        return outcome(self.program.rules[state][given.token], given.reads)[0]

    def output(self, state: int, given: Input) -> Output:
        """Return the output for a possible input, after at least one step."""
        output = output_of(self.program, state, given)
        return output if self.sees or given.token is None else output._replace(answer=None)


def output_of(program: StackTransducer, state: int, given: Input) -> Output:
    """Return the output of a program for an input. Popping nothing is not popping."""
    answer = program.answers[state].of(given.reads)
    if given.token is None or (found := outcome(program.rules[state][given.token], given.reads)) is None:
        return Output(answer, None)
    _, pops, pushes = found
    popped = tuple(pop and shown is not None for pop, shown in zip(pops, given.reads, strict=True))
    return Output(answer, (popped, tuple(pushes)))


def control_of(program: StackTransducer, specification: StackTransducer | None, *, sees: bool = True) -> Control:
    """Return the control of a program.

    Args:
        program: The program.
        specification: The task as a program, whose sequences are those that are possible. Without it, or if the two use
            their memories so differently that they cannot be followed together, all sequences are that the program has
            rules for.
        sees: Whether the actions of the controls that it is compared with may depend on what the memories show.
            Otherwise one input for each token is enough, if this program's do not either.

    Raises:
        NotProved: If the possible inputs cannot be found.
    """
    until = time.monotonic() + SECONDS
    sees = sees or any(rule.sees for row in program.rules for rule in row if rule is not None)
    try:
        first, inputs = possible(find_relation(program, specification or program, until))
    except NotAligned as reason:
        if specification is None:
            raise NotProved(f"its possible inputs are not known: {reason}") from None
        return control_of(program, None, sees=sees)
    if not sees:
        first, inputs = one_for_each_token(first), {state: one_for_each_token(of) for state, of in inputs.items()}
    return Control(program, first, inputs, sees)


def possible(relation: Relation) -> tuple[tuple[Input, ...], dict[int, tuple[Input, ...]]]:
    """Return the inputs of the first program of a relation that are possible at first, and later in each state."""
    start = (0, 0), (EMPTY,) * len(relation.groups)
    places, later = dict.fromkeys([start]), {}
    for states, tops in (order := [start]):
        for token, rule in enumerate(relation.programs[1].rules[states[1]]):
            if outcome(rule, relation.reads(tops, 1)) is None:
                continue
            actions = tuple(
                outcome(program.rules[state][token], relation.reads(tops, which))
                for which, (program, state) in enumerate(zip(relation.programs, states, strict=True))
            )
            after = actions[0][0], actions[1][0]
            for new in tops_after(relation, states, tops, actions):
                later[after, new] = None
                if (after, new) not in places:
                    places[after, new] = None
                    order.append((after, new))
    inputs: dict[int, dict[Input, None]] = {}
    for states, tops in later:
        inputs.setdefault(states[0], {}).update(dict.fromkeys(inputs_at(relation, states, tops)))
    return tuple(inputs_at(relation, *start)), {state: tuple(sorted(of, key=order_of)) for state, of in inputs.items()}


def inputs_at(relation: Relation, states: Any, tops: tuple[int, ...]) -> list[Input]:
    """Return the inputs that are possible at a place of a relation."""
    reads, others = relation.reads(tops, 0), relation.reads(tops, 1)
    rules = relation.programs[1].rules[states[1]]
    tokens = [token for token, rule in enumerate(rules) if outcome(rule, others) is not None]
    return [Input(token, reads) for token in [*tokens, None]]


def order_of(given: Input) -> Any:
    """Return the place of an input in a fixed order: by tokens, then by what is shown, nothing first."""
    return (
        given.token is None,
        given.token or 0,
        tuple(-1 if kind is None else kind for kind in given.reads),
    )


def one_for_each_token(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Return one input for each token, and all of those without one.

    With the token, a memory shows its first kind of value if it can show any then: popping nothing is not popping.
    """
    shown: dict[int, tuple[int | None, ...]] = {}
    for token, reads in inputs:
        if token is not None:
            some = tuple(None if kind is None else 0 for kind in reads)
            before = shown.get(token, some)
            shown[token] = tuple(new if old is None else old for new, old in zip(some, before, strict=True))
    return *(Input(*one) for one in shown.items()), *(given for given in inputs if given.token is None)


def outputs_of(program: StackTransducer, word: Word) -> Iterator[Output]:
    """Yield the outputs of a program's control for the inputs of a word, up to one that it has no rule for."""
    state = 0
    for given in word:
        yield (found := output_of(program, state, given))
        if found.action is None:
            return
        state = outcome(program.rules[state][given.token or 0], given.reads)[0]

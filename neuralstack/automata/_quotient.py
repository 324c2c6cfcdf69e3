"""States and values of a rounded machine that are used alike, as one: each kind is represented by one of its members.

A trained machine has thousands of states and hundreds of values, most of which differ in numbers that do not matter. A
new one is compared with each representative in its place: from the configurations in which either was met, with the
tokens that followed there, both must lead to the same answers. The program that goes from representative to
representative is then run on further sequences. Where it answers otherwise than the machine, the step is found by
bisection at which replacing a state or a value by its representative changed the answer (Rivest & Schapire, 1993); that
place is added to those at which the kind is compared, and its members are sorted again.

A state is compared only with those that the same tokens may follow, as the token before tells: after a digit, a machine
need not do anything sensible with the digits that may follow an operator, so that what it does there would tell states
apart without end.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from neuralstack.automata._choice import Reads
from neuralstack.automata._control import Configuration, Control, Held

MOST_PLACES = 16  # at which a kind is compared, apart from counterexamples
START = -1  # the context of the state before the first step
MOST_STATES = 128  # kinds of states, before those that no input of the task tells apart are merged


class TooManyStates(Exception):
    """Raised if there are more kinds of states than can be told apart."""


class Unsteady(Exception):
    """Raised if the machine answers otherwise when its steps are computed in another order."""


class Rest(NamedTuple):
    """The tokens of a sequence that follow a configuration, and whether each answer from there on is scored."""

    tokens: Sequence[int]
    scored: Sequence[bool]
    """One more than tokens: the first is about the answer in the configuration itself."""


class Arrival(NamedTuple):
    """A step to a state: what the memories held before it, and the action."""

    state: int
    held: Held
    pops: tuple[bool, ...]
    pushes: Reads

    def after(self, control: Control, memory: int | None = None, value: int | None = None) -> Configuration:
        """Return the configuration after the step, with another value pushed to one memory."""
        pushes = tuple(value if place == memory else push for place, push in enumerate(self.pushes))
        return Configuration(self.state, control.acted(self.held, self.pops, pushes))


Pair = tuple[Configuration, Configuration, Rest]


class Quotient:
    """The program that goes from representative to representative, found as it is run.

    Args:
        control: The control of the machine.
        context_of: A number for each token, from 0: the same for those that the same tokens follow.
    """

    def __init__(self, control: Control, context_of: Sequence[int]):
        self.control = control
        self._context_of, self._contexts = context_of, [START]  # by token, and by kind of states
        self.states = [0]
        self.values: list[list[int]] = [[] for _ in control.ends]
        self.rules: dict[tuple[int, int, Reads], Any] = {}
        self._kind_of = {(0, START): 0}  # by state and context
        self._value_of: list[dict[int, int]] = [{} for _ in control.ends]
        self._places: list[list[tuple[Held, Rest]]] = [[]]
        self._value_places: list[list[list[tuple[Arrival, Rest]]]] = [[] for _ in control.ends]

    def step(self, now: Configuration, token: int, rest: Rest) -> Configuration:
        """Return the next configuration, with a kind as its state and representatives as values."""
        key = now.state, token, self.control.shown(now.held)
        if key not in self.rules:
            self.rules[key] = self._represent(
                now.held, self.control.rule(self.states[now.state], *key[1:]), rest, self._context_of[token]
            )
        kind, pops, pushes = self.rules[key]
        return Configuration(kind, self.control.acted(now.held, pops, pushes))

    def run(self, whole: Rest) -> list[Configuration]:
        """Return the configuration before each step and after the last one."""
        trail = [self.control.start]
        for time, token in enumerate(whole.tokens):
            trail.append(self.step(trail[-1], token, Rest(whole.tokens[time + 1 :], whole.scored[time + 1 :])))
        return trail

    def answers(self, trail: list[Configuration], whole: Rest) -> list[int | None]:
        """Return the scored answers in configurations."""
        keys = [(self.states[now.state], self.control.shown(now.held)) for now in trail]
        self.control.find_answers([key for key, scored in zip(keys, whole.scored, strict=True) if scored])
        return [self.control.answer(*key) if on else None for key, on in zip(keys, whole.scored, strict=True)]

    def refine(self, whole: Rest, expected: list[int | None]) -> list[Configuration] | None:
        """Return the configurations of a sequence, or None if it was answered wrongly: then a kind has been divided."""
        trail = self.run(whole)
        given = self.answers(trail, whole)
        if given == expected:
            return trail
        if self._machine_answers(trail[0], whole) != expected:
            raise Unsteady
        low, high = 0, next(time for time, both in enumerate(zip(given, expected, strict=True)) if both[0] != both[1])
        while high - low > 1:  # from `low` on, the machine itself answers rightly; from `high` on, it does not
            middle = (low + high) // 2
            rest = Rest(whole.tokens[middle:], whole.scored[middle:])
            if self._machine_answers(trail[middle], rest) == expected[middle:]:
                low = middle
            else:
                high = middle
        self._tell_apart(trail[low], whole.tokens[low], Rest(whole.tokens[low + 1 :], whole.scored[low + 1 :]))
        return None

    def _machine_answers(self, now: Configuration, rest: Rest) -> list[int | None]:
        now, control = now._replace(state=self.states[now.state]), self.control
        given = []
        for time, scored in enumerate(rest.scored):
            given.append(control.answer(now.state, control.shown(now.held)) if scored else None)
            now = control.step(now, rest.tokens[time]) if time < len(rest.tokens) else now
        return given

    def _tell_apart(self, now: Configuration, token: int, rest: Rest) -> None:
        """Find whether a value or the state was replaced wrongly at a step, and divide its kind."""
        shown = self.control.shown(now.held)
        new, pops, pushes = self.control.rule(self.states[now.state], token, shown)
        kind, _, replaced = self.rules.pop((now.state, token, shown))
        arrival = Arrival(new, now.held, pops, pushes)
        for memory, (own, other) in enumerate(zip(pushes, replaced, strict=True)):
            if own != other:
                trial = arrival._replace(pushes=(*replaced[: memory + 1], *pushes[memory + 1 :]))
                if not alike(self.control, [(arrival.after(self.control), trial.after(self.control), rest)])[0]:
                    number = self.values[memory].index(other)
                    self._value_places[memory][number].append((arrival, rest))
                    members = self._value_of[memory]
                    self._value_of[memory] = {
                        value: of for value, of in members.items() if of != number or value == other
                    }
                    self.rules = {key: rule for key, rule in self.rules.items() if rule[2][memory] != other}
                    return
                arrival = trial
        self._places[kind].append((arrival.after(self.control).held, rest))
        self._kind_of = {key: of for key, of in self._kind_of.items() if of != kind or key[0] == self.states[kind]}
        self.rules = {key: rule for key, rule in self.rules.items() if rule[0] != kind}

    def _represent(self, held: Held, rule: Any, rest: Rest, context: int) -> Any:
        new, pops, pushes = rule
        arrival = Arrival(new, held, pops, pushes)
        for memory, value in enumerate(pushes):
            if value is not None:
                kept = self._represent_value(memory, value, arrival, rest)
                arrival = arrival._replace(
                    pushes=tuple(kept if place == memory else push for place, push in enumerate(arrival.pushes))
                )
        return self._represent_state(arrival.after(self.control), rest, context), pops, arrival.pushes

    def _represent_value(self, memory: int, value: int, here: Arrival, rest: Rest) -> int:
        of, kept, places = self._value_of[memory], self.values[memory], self._value_places[memory]
        if value not in of:
            pairs, kinds = [], []
            for kind, other in enumerate(kept):
                for arrival, following in ((here, rest), *places[kind]):
                    both = (arrival.after(self.control, memory, each) for each in (value, other))
                    pairs.append((*both, following))
                    kinds.append(kind)
            of[value] = first_alike(len(kept), kinds, alike(self.control, pairs))
            if of[value] == len(kept):
                kept.append(value)
                places.append([])
        if len(places[of[value]]) < MOST_PLACES:
            places[of[value]].append((here, rest))
        return kept[of[value]]

    def _represent_state(self, here: Configuration, rest: Rest, context: int) -> int:
        of, kept, key = self._kind_of, self.states, (here.state, context)
        if key not in of:
            near = [kind for kind, known in enumerate(self._contexts) if known == context]
            at_once = alike(self.control, [(here, here._replace(state=kept[kind]), rest) for kind in near])
            near = [kind for kind, good in zip(near, at_once, strict=True) if good]
            pairs, kinds = [], []
            for kind in near:
                for held, following in self._places[kind]:
                    pairs.append((Configuration(here.state, held), Configuration(kept[kind], held), following))
                    kinds.append(kind)
            wrong = {kind for kind, good in zip(kinds, alike(self.control, pairs), strict=True) if not good}
            of[key] = next((kind for kind in near if kind not in wrong and self._places[kind]), len(kept))
            if of[key] == len(kept):
                if len(kept) == MOST_STATES:
                    raise TooManyStates
                kept.append(here.state)
                self._contexts.append(context)
                self._places.append([])
        if len(self._places[of[key]]) < MOST_PLACES:
            self._places[of[key]].append((here.held, rest))
        return of[key]


def first_alike(count: int, kinds: list[int], good: list[bool]) -> int:
    """Return the first of some kinds that no comparison tells apart, or their number if there is none."""
    wrong = {kind for kind, same in zip(kinds, good, strict=True) if not same}
    return next((kind for kind in range(count) if kind not in wrong), count)


def alike(control: Control, pairs: Sequence[Pair]) -> list[bool]:
    """Return for each pair of configurations whether the same scored answers follow from both."""
    good, now, live = [True] * len(pairs), [[one, other] for one, other, _ in pairs], list(range(len(pairs)))
    time = 0
    while live:
        keys = {pair: [(each.state, control.shown(each.held)) for each in now[pair]] for pair in live}
        asked = [pair for pair in live if pairs[pair][2].scored[time]]
        control.find_answers([key for pair in asked for key in keys[pair]])
        for pair in asked:
            one, other = keys[pair]
            good[pair] = control.answer(*one) == control.answer(*other)
        live = [
            pair for pair in live if good[pair] and time < len(pairs[pair][2].tokens) and now[pair][0] != now[pair][1]
        ]
        control.find_rules(
            [(state, pairs[pair][2].tokens[time], shown) for pair in live for state, shown in keys[pair]]
        )
        for pair in live:
            now[pair] = [control.step(each, pairs[pair][2].tokens[time]) for each in now[pair]]
        time += 1
    return good

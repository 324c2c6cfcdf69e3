"""Programs of machines whose controller is a known automaton: they do what it does, in as few states as are needed."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import quick
from neuralstack import Machine, NeuralStack, extract, harden
from neuralstack.automata import Layout
from neuralstack.tasks import AbstractTask, Pair, Synchronous

TOKENS, WIDTH, STATES = 3, 4, 7  # the controller has this many states, and each token, or a blank, has a number
NOWHERE = [0] * TOKENS


@dataclass(frozen=True)
class Walks(AbstractTask):
    """Walks through an automaton, by the tokens to test in each of its states."""

    max_length: int = 12
    leads: tuple[tuple[int, ...], ...] = ()
    asked: tuple[str, ...] = ()
    train_lengths: ClassVar[tuple[int, int]] = (12, 12)
    test_lengths: ClassVar[tuple[int, int]] = (13, 24)
    vocabulary: ClassVar[str] = "abc"
    format: ClassVar[Synchronous] = Synchronous(TOKENS)

    def draw(self, key, length):
        asked = jnp.array([[token in tokens for token in self.vocabulary] for tokens in self.asked])

        def choose(state, key):
            token = jax.random.categorical(key, jnp.where(asked[state], 0.0, -jnp.inf))
            return jnp.array(self.leads)[state, token], token

        _, source = jax.lax.scan(choose, jnp.array(0), jax.random.split(key, self.max_length))
        return Pair(source, length, source, length)

    def answer(self, source):
        return source

    def answer_length(self, source_length):
        return source_length


class Automaton(eqx.Module):
    """A controller that is in one of a few states, and shows in which."""

    leads: jax.Array

    def init(self):
        return jnp.eye(STATES)[0]

    def step(self, state, x):
        state = jnp.einsum("s,x,sxt->t", state, x, self.leads)
        return state, state


def machine_of(leads, gates):
    """A machine that acts in each state as its gates say: "push", "pop", "keep" or "replace"."""
    table = np.zeros((STATES, WIDTH, STATES), np.float32)
    table[:, :TOKENS] = np.eye(STATES)[np.array(leads)]
    shapes = jax.eval_shape(
        lambda key: Machine(Automaton(table), NeuralStack(WIDTH), WIDTH, embedding_dim=WIDTH, key=key),
        jax.random.key(0),
    )
    machine = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
    opened = [[9.0 if gate in doing else -9.0 for doing in (("push", "replace"), ("pop", "replace"))] for gate in gates]
    machine = eqx.tree_at(
        lambda m: (m.controller.arrays.leads, m.embedding, m.action_weights, m.answer_weights, m.output_weights),
        machine,
        (
            table,
            np.eye(WIDTH),
            np.concatenate([np.array(opened), np.zeros((STATES, WIDTH))], axis=1),
            np.eye(WIDTH, STATES),
            np.eye(STATES, WIDTH),
        ),
    )
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), machine)


def program_of(leads, gates, asked):
    """The program of such a machine, which does what the automaton does on the walks to test."""
    task = Walks(leads=tuple(map(tuple, leads)), asked=tuple(asked))
    program, rng = extract(harden(machine_of(leads, gates)), task), np.random.default_rng(0)
    for _ in range(50):
        state, own = 0, 0
        for _ in range(20):
            token = task.vocabulary.index(rng.choice([*asked[state]]))
            state = leads[state][token]
            own, (pop,), (pushed,) = program.rules[own][token].of((None,))
            assert (pop, pushed is not None) == (
                gates[state] in ("pop", "replace"),
                gates[state] in ("push", "replace"),
            )
    return program


def fewest_states(leads, gates):
    """The number of states that differ in their action or in those of states reachable from them (Moore, 1956).

    In the first state, nothing has been done yet: it is merged with any state that has the same successors.
    """
    met = [leads[0][token] for token in range(TOKENS)]
    for state in met:
        met += [new for new in leads[state] if new not in met]
    met = sorted(set(met))
    kind = {state: gates[state] for state in met}
    for _ in met:
        kind = {state: (kind[state], *(kind[to] for to in leads[state])) for state in met}
        numbers = {one: number for number, one in enumerate(dict.fromkeys(kind.values()))}
        kind = {state: numbers[one] for state, one in kind.items()}
    behind = {tuple(kind[to] for to in leads[state]) for state in met}
    return len(set(kind.values())) + (tuple(kind[to] for to in leads[0]) not in behind)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_the_program_of_an_automaton_has_no_more_states_than_it_needs(seed):
    rng = np.random.default_rng(seed)
    leads = rng.integers(0, 3 + seed % 3, (STATES, TOKENS)).tolist()
    gates = rng.choice(["push", "pop", "keep"], STATES).tolist()
    assert len(program_of(leads, gates, ["abc"] * STATES).states) == fewest_states(leads, gates)


# States 1 and 2 push, and go to 3 and 4 on a; c always goes back to the first one.
LEADS = [[1, 2, 0], [3, 3, 0], [4, 4, 0], [3, 5, 0], [4, 6, 0], NOWHERE, NOWHERE]
GATES = ["keep", "push", "push", "pop", "pop", "replace", "replace"]
ASKED = ["abc", "ac", "ac", "bc", "bc", "c", "c"]


def changed(row, **columns):
    """Those lists with other entries at some places."""
    return [columns.get(f"at_{place}", entry) for place, entry in enumerate(row)]


CASES = {
    "all alike": (LEADS, GATES, ASKED, 4),
    "others are done": (LEADS, changed(GATES, at_2="keep"), ASKED, 5),
    "others are done a step later": (LEADS, changed(GATES, at_4="keep"), ASKED, 6),
    "others are done two steps later": (LEADS, changed(GATES, at_6="keep"), ASKED, 6),
    "others would be done, but are never asked for": (LEADS, changed(GATES, at_6="keep"), changed(ASKED, at_4="c"), 4),
    "others are done for another token": (changed(LEADS, at_2=[4, 0, 0]), GATES, changed(ASKED, at_1="abc"), 4),
    "others are done for that token too": (
        changed(LEADS, at_2=[4, 0, 0]), GATES, changed(ASKED, at_1="abc", at_2="abc"), 5,
    ),
}  # fmt: skip


EVERY_DAY = "all alike", "others are done two steps later", "others would be done, but are never asked for"


@pytest.mark.parametrize("case", quick(CASES, *EVERY_DAY))
def test_states_are_one_unless_something_that_is_asked_for_keeps_them_apart(case):
    leads, gates, asked, states = CASES[case]
    program = program_of(leads, gates, asked)
    assert len(program.states) == states, program.states
    assert program.layout == Layout("synchronous", TOKENS)
    reached = [rule.of((None,))[0] for row in program.rules for rule in row if rule is not None]
    assert list(dict.fromkeys([0, *reached])) == list(range(states))  # they are numbered as they are reached

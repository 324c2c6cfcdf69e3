"""Programs of machines whose every number is rounded, and whose actions may depend on what they read."""

from dataclasses import replace
from functools import cache
from itertools import product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import AnySymbols, Formula, with_weights

from cases import quick
from neuralstack import (
    TASKS,
    CompositeMemory,
    Connection,
    Elman,
    Machine,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NoMemory,
    extract,
    harden,
)
from neuralstack.automata import find_transducer
from neuralstack.verification import NotProved, check_conformance, machine_control, verify
from small import drawn_machine


def brackets():
    """Answer "(" while every bracket is closed and none was closed that was not the innermost open one, else ")".

    What is given (4 numbers) and what is on top (round, square, and a number that does not matter) make the state:
    whether it failed, pushes round, pushes square, pops, and two numbers that do not matter.
    """

    def follow(state, x):
        given, top = x[:4], x[5:7]
        failed = jnp.maximum(state[0], given[1] * (1 - top[0]) + given[3] * (1 - top[1]))
        return jnp.stack([failed, given[0], given[2], given[1] + given[3], 1 - state[4], state[4] * given[0]])

    connection = Connection(feedback=1.0, value_sees_input=False, answer_from="both")
    machine = Machine(
        Formula(6, follow), NeuralStack(3), 5, connection=connection, embedding_dim=8, quantized=True,
        key=jax.random.key(0),
    )  # fmt: skip
    see = np.zeros((6, 5))  # push, pop, round, square, and what does not matter
    see[1, [0, 2]] = see[2, [0, 3]] = see[3, 1] = see[4, 4] = 20
    wrong = np.zeros((9, 6))
    wrong[[0, 1, 3], 0] = 10  # something on top, or a failure
    return with_weights(
        machine,
        embedding=np.eye(5, 8),
        feedback=np.eye(3, 8, k=5),
        action_weights=see,
        action_bias=[-10, -10, 0, 0, 0],
        answer_weights=wrong,
        answer_bias=[-5, 0, 0, 0, 0, 0],
        output_weights=np.outer(np.eye(6)[0], [-1, 1, 0, 0, 0]),
        output_bias=[0, 0, -9, -9, -9],
    )


def odd_reads():
    """Answer ")" if an odd number of the tops so far were pushed at "[", else "(", by a second controller.

    Brackets of both kinds are pushed, and popped when they close.
    """

    def act(state, x):
        return jnp.stack([x[0] + x[2], x[1] + x[3], x[2]])  # push, pop, square

    def count(state, x):
        return (state - x[0]) ** 2

    machine = Machine(
        Formula(3, act), NeuralStack(1), 5, connection=Connection(value_sees_input=False, answer_from="both"),
        embedding_dim=5, readout=Counter(1, count), quantized=True, key=jax.random.key(0),
    )  # fmt: skip
    return with_weights(
        machine,
        embedding=np.eye(5),
        action_weights=20 * np.eye(3),
        action_bias=[-10, -10, 0],
        answer_weights=[1, 0, 0, 0],
        answer_bias=[0],
        output_weights=[-1, 1, 0, 0, 0],
        output_bias=[0.5, 0, -9, -9, -9],
    )


class Counter(Formula):
    """The same with an input of one number."""

    input_size: int = eqx.field(static=True, default=1)


def balanced(source):
    """Yield the answers of `brackets`."""
    open_ones, fine = [], True
    for bracket in source:
        if bracket in (0, 2):
            open_ones.append(bracket)
        else:
            fine = fine and bool(open_ones) and open_ones[-1] == bracket - 1
            open_ones = open_ones[:-1]
        yield 0 if fine and not open_ones else 1


def odd(source):
    """Yield the answers of `odd_reads`."""
    held, count = [], 0
    for bracket in source:
        held = [*held, bracket] if bracket in (0, 2) else held[:-1]
        count += bool(held) and held[-1] == 2
        yield count % 2


HAND_MADE = {"brackets": (brackets, balanced, 2, 2), "odd reads": (odd_reads, odd, 2, 2)}


@cache
def program_of(name):
    """Return the program that is found in a machine, which takes seconds."""
    return extract(harden(HAND_MADE[name][0]()), AnySymbols())


@pytest.mark.parametrize("name", quick(HAND_MADE, "brackets"))
def test_the_program_of_a_machine_that_sees_its_memory_is_as_small_as_it_can_be(name):
    build, answer, states, kinds = HAND_MADE[name]
    machine, program = build(), program_of(name)
    assert (len(program.states), [len(of) for of in program.kinds]) == (states, [kinds])
    for source in product(range(4), repeat=5):
        assert program.run(source) == list(answer(source))
        assert program.answer(source) == list(answer(source))
    long = np.random.default_rng(0).integers(0, 4, 2000).tolist()
    assert program.run(long) == list(answer(long))
    short = np.array([source[:5] for source in product(range(4), repeat=3)])
    answered = np.asarray(jnp.argmax(jax.vmap(machine)(short), -1))
    assert (answered == [list(answer(source)) for source in short.tolist()]).all()


def test_the_rules_say_what_is_on_top():
    program = program_of("brackets")
    rows = [row[1:5] for row in program.table() if row[0] == program.states[0]]
    assert ("( [", "anything", "–", "it") in rows
    assert (")", "(", "pop", "–") in rows
    assert (")", "nothing, [", "pop", "–") in rows
    assert ") [(]: pop" in program.graph()


def test_a_rounded_machine_conforms_with_its_program_and_one_with_a_fault_does_not():
    machine, program = harden(brackets()), program_of("brackets").minimal()
    result = check_conformance(program, machine_control(machine, AnySymbols(), program), extra_states=1)
    assert (result.difference, result.states, result.extra_states) == (None, 2, 1)
    faulty = with_weights(machine, action_bias=[-10, -50, 0, 0, 0])  # nothing is popped
    found = check_conformance(program, machine_control(faulty, AnySymbols(), program)).difference
    assert (found.program, found.other) == ("pops the stack", "keeps the stack")
    verified = verify(program, AnySymbols(), seconds=0.1, sequences=5, longest=5, machine=machine)
    assert verified.verdict == "refuted"  # its task is to answer otherwise
    assert verified.conformance is None


def test_a_value_that_is_never_pushed_cannot_be_shown():
    program = program_of("brackets").minimal()
    more = replace(program, kinds=((*program.kinds[0], "another"),))
    with pytest.raises(NotProved, match="no sequence that was drawn pushes a value of the kind 'another'"):
        machine_control(harden(brackets()), AnySymbols(), more)


MEMORIES = {
    "none": NoMemory(),
    "stack": NeuralStack(2),
    "stack and queue": CompositeMemory(NeuralStack(1), NeuralQueue(1)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "memory"), list(enumerate(MEMORIES)))
def test_the_program_of_any_rounded_machine_answers_as_it_does_or_is_refused(seed, memory):
    task = AnySymbols()
    machine = drawn_machine(
        Elman, MEMORIES[memory], task.vocab_size, hidden=3, embedding=3, seed=seed, quantized=True,
        connection=Connection(feedback=1.0, answer_from="controller" if memory == "none" else "both"),
    )  # fmt: skip
    hard = harden(eqx.tree_at(lambda m: m.output_weights, machine, replace_fn=lambda weights: 3 * weights))
    found = find_transducer(hard, task, (1, 60), 200)
    if found.program is None:
        assert "train longer, or from another seed" in found.reason
        return
    sources = np.array(list(product(range(4), repeat=5)))
    answered = jnp.argmax(jax.vmap(hard)(sources), -1).tolist()
    assert [found.program.run(source) for source in sources.tolist()] == answered


def test_memories_that_are_no_stacks_or_queues_are_refused():
    machine = drawn_machine(Elman, NeuralDeque(2), 5, hidden=3, embedding=3, quantized=True)
    with pytest.raises(ValueError, match="whose memories are stacks or queues"):
        extract(harden(machine), AnySymbols())


@pytest.mark.slow
def test_a_program_that_answers_otherwise_later_is_none_and_the_first_place_is_named():
    """The machine counts its symbols, and answers otherwise after 150 of them."""
    machine = Machine(
        Formula(1, lambda state, x: state + 1), NoMemory(), 5, connection="paper", embedding_dim=1, quantized=True,
        key=jax.random.key(0),
    )  # fmt: skip
    machine = with_weights(
        machine, answer_weights=[[1]], answer_bias=[-150.5], output_weights=[[-1, 1, 0, 0, 0]],
        output_bias=[0, 0, -9, -9, -9],
    )  # fmt: skip
    found = find_transducer(machine, AnySymbols(), (149, 160), 10)
    assert found.program is None
    assert found.agreement is not None
    _, *first = found.agreement.first
    assert first == [150, 1, 0]
    assert "where the machine answers ')' and the program '('" in found.reason


@pytest.mark.slow
def test_a_finite_automaton_is_found_without_a_memory():
    task = TASKS["parity"](8)

    def follow(state, x):
        return jnp.stack([(state[0] - x[0]) ** 2])

    machine = Machine(
        Formula(1, follow), NoMemory(), task.vocab_size, connection="paper", embedding_dim=2, quantized=True,
        key=jax.random.key(0),
    )  # fmt: skip
    machine = with_weights(
        machine, embedding=[[0, 0], [1, 0], [0, 1]], answer_weights=[[20]], answer_bias=[-10],
        output_weights=[[-1, 1, 0]], output_bias=[0, 0, -9],
    )  # fmt: skip
    program = extract(harden(machine), task)
    assert (len(program.states), program.memories) == (2, ())
    assert [program.answer(source) for source in ([1], [0, 1, 1], [1, 1, 1, 0])] == [[1], [0], [1]]

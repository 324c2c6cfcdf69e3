import json
from collections import deque
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import (
    CompositeMemory,
    Elman,
    HardStack,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NoMemory,
    PointerStack,
    Quantized,
    Reversal,
    StackTransducer,
    SuperpositionStack,
    harden,
    trace,
)
from neuralstack.automata import always
from neuralstack.machine import Step
from neuralstack.memories import HardMixtureStacks, crop
from neuralstack.tasks import TASKS
from small import drawn_machine

pytest_plugins = ("small_runs",)

TASK = Reversal(8)
SMALL = Reversal(6, alphabet="ab")
STEPS = 9
SHOWN = [name for name in MEMORIES_UNDER_TEST if name != "none"]


def shown_of(memory, actions):
    """Return the trace of a machine with this memory for these actions."""
    return jax.device_get(shown_by(memory, actions))


@partial(jax.jit, static_argnums=0)
def shown_by(memory, actions):
    def step(state, action):
        state, read = memory.step(state, action)
        return state, (read, memory.strengths(state))

    reads, strengths = jax.lax.scan(step, memory.init(STEPS), actions)[1]
    return Step(jnp.zeros((STEPS, 2)), actions, reads, strengths, jnp.zeros((STEPS, 1)))


@partial(jax.jit, static_argnums=0)
def drawn_actions(memory, seed):
    return memory.decode(3 * jax.random.normal(jax.random.key(seed), (STEPS, memory.action_size)))


def contents_of(memory, shown):
    """The contents of each data structure, as traces and figures show them."""
    return [crop(one, STEPS) for one in memory.observe(shown.action, shown.strengths)]


def within_one_unit_of_the_end(strengths):
    """Share of each element that lies within one unit of the last one's end."""
    above = np.cumsum(strengths[:, ::-1], axis=1)[:, ::-1] - strengths
    return np.minimum(strengths, np.clip(1 - above, 0, None))


@pytest.mark.parametrize("memory", [NeuralStack(2), NeuralQueue(2), HardStack(2), Quantized(NeuralQueue(2))])
@pytest.mark.parametrize("seed", quick(range(3), 0))
def test_the_weights_of_a_trace_make_up_what_was_read(memory, seed):
    actions = drawn_actions(memory, seed)
    shown = shown_of(memory, actions)
    (found,) = contents_of(memory, shown)
    values = np.asarray(actions.value)[found.elements]
    np.testing.assert_allclose(found.weights @ values, shown.read, atol=2e-3)


@pytest.mark.parametrize("seed", quick(range(3), 0))
def test_the_weights_of_a_deque_make_up_both_of_its_reads(seed):
    memory = NeuralDeque(2)
    actions = drawn_actions(memory, seed)
    shown = shown_of(memory, actions)
    (found,) = memory.observe(shown.action, shown.strengths)
    values = np.concatenate([np.asarray(actions.bottom.value)[::-1], np.asarray(actions.top.value)])
    top, bottom = (within_one_unit_of_the_end(found.strengths[:, ::way])[:, ::way] for way in (1, -1))
    np.testing.assert_allclose(top @ values, shown.read[:, :2], atol=1e-5)
    np.testing.assert_allclose(bottom @ values, shown.read[:, 2:], atol=1e-5)
    np.testing.assert_allclose(found.weights, top + bottom, atol=1e-6)
    assert found.elements == [*reversed(range(STEPS)), *range(STEPS)]


def test_two_memories_are_shown_side_by_side():
    both = CompositeMemory(NeuralStack(2), NeuralQueue(2))
    actions = drawn_actions(both, 0)
    found = contents_of(both, shown_of(both, actions))
    assert [one.kind for one in found] == ["stack", "queue"]
    for part, one, action in zip(both.memories, found, actions, strict=True):
        (alone,) = contents_of(part, shown_of(part, action))
        np.testing.assert_allclose(one.strengths, alone.strengths, atol=1e-6)


def test_a_hard_stack_is_followed_although_its_cells_are_used_again():
    push, pop = [1, 1, 0, 1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 1, 1, 0, 0, 1]
    actions = HardStack(1).check((jnp.array(push, float), jnp.array(pop, float), jnp.ones((STEPS, 1))), steps=True)
    (found,) = contents_of(HardStack(1), shown_of(HardStack(1), actions))
    held = deque()
    for time in range(STEPS):
        if pop[time] and held:
            held.pop()
        if push[time]:
            held.append(time)
        alive = [found.elements[one] for one in np.flatnonzero(found.strengths[time])]
        assert alive == list(held)


@pytest.mark.parametrize(
    "soft", [PointerStack(2), SuperpositionStack(2), SuperpositionStack(2, stacks=2, depth_read=3)]
)
@pytest.mark.parametrize("seed", quick(range(3), 0))
def test_hard_stacks_are_shown_as_stacks_of_what_was_pushed(soft, seed):
    memory = HardMixtureStacks(soft)
    actions = drawn_actions(memory, seed)
    shown = shown_of(memory, actions)
    found = contents_of(memory, shown)
    assert [one.kind for one in found] == ["stack"] * memory.stacks
    reads = np.split(shown.read, memory.stacks, axis=1)
    for number, (one, read) in enumerate(zip(found, reads, strict=True)):
        values = np.asarray(actions.value).reshape(STEPS, memory.stacks, 2)[one.elements, number]
        missing = memory.depth_read - one.weights.sum(1, keepdims=True)
        whole = read.reshape(STEPS, memory.depth_read, 2).sum(1)
        np.testing.assert_allclose(one.weights @ values + missing * memory.empty, whole, atol=1e-5)


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.slow
def test_every_memory_with_elements_has_a_trace_that_is_json(name):
    memory, sizes = MEMORIES_UNDER_TEST[name](4), {"hidden": 6, "embedding": 4}
    machine = drawn_machine(Elman, memory, SMALL.vocab_size, connection="paper", **sizes)
    found = trace(machine, SMALL, "abba", name="the name", about="about")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["format"], found["name"], found["machine"]) == ("neuralstack-trace-1", "the name", "about")
    assert [step["given"] for step in found["steps"]][:6] == ["⊢", "a", "b", "b", "a", "|"]
    for number, memory in enumerate(found["memories"]):
        changed = [state for step in found["steps"] for state in step["memories"][number]["changed"]]
        assert {element for element, *_ in changed} <= set(range(len(memory["elements"])))
        assert all(strength >= 0 and weight >= 0 for _, strength, weight in changed)
        assert memory["kind"] in ("stack", "queue", "deque", "cells")


def test_a_machine_without_a_memory_has_no_trace():
    machine = drawn_machine(Elman, NoMemory(), SMALL.vocab_size, hidden=6, embedding=4, connection="paper")
    with pytest.raises(ValueError, match="NoMemory has none: take a machine with another memory"):
        trace(machine, SMALL, "ab")


def test_a_trace_says_what_was_answered_and_wanted(learned_machine):
    found = trace(learned_machine, TASK, "stack")
    assert found["answer"] == found["right_answer"] == "kcats"
    first = found["first_answer"]
    assert [step["wanted"] for step in found["steps"]] == [None] * first + [*"kcats", "⊣"]
    assert [step["answered"] for step in found["steps"][first:]] == [*"kcats", "⊣"]
    assert all(0 < step["probability"] <= 1 for step in found["steps"])


@pytest.mark.slow
def test_the_trace_of_a_hardened_machine_names_the_states_of_its_program(learned_machine, hardened):
    program = StackTransducer.load(hardened / "program.json")
    found = trace(harden(learned_machine, TASK), TASK, "stack", program=program)
    assert {step["state"] for step in found["steps"]} <= set(program.states)
    pushes = [step["memories"][0]["actions"][0]["push"] for step in found["steps"]]
    assert set(pushes) == {0.0, 1.0}


def test_a_state_is_not_named_where_the_program_has_no_rule(learned_machine):
    nothing = StackTransducer(
        ("a",) * TASK.vocab_size, ("stack",), ("start",), ((),), (((None,) * TASK.vocab_size),), (always(0),)
    )
    found = trace(learned_machine, TASK, "ab", program=nothing)
    assert {step["state"] for step in found["steps"]} == {None}


def test_a_text_that_takes_too_many_steps_is_refused(learned_machine):
    with pytest.raises(
        ValueError, match="a trace shows at most 4096 steps, but this text takes 6002: give a shorter one"
    ):
        trace(learned_machine, TASK, "a" * 3000)


def test_a_task_that_answers_at_every_step_has_a_trace_too():
    task = TASKS["anbn"](4)
    machine = drawn_machine(Elman, NeuralStack(4), task.vocab_size, hidden=6, embedding=4)
    found = trace(machine, task, "aabb")
    assert [step["given"] for step in found["steps"]] == [*"aabb"]
    assert found["steps"][-1]["wanted"] == "a"
    assert found["steps"][0]["wanted"] is None


def test_another_text_of_about_the_same_length_is_traced_without_compiling_anything(learned_machine, caplog):
    trace(learned_machine, TASK, "abcde")
    with jax.log_compiles():
        trace(learned_machine, TASK, "fedcba")
        assert "Compiling" not in caplog.text
        trace(learned_machine, TASK, 5 * "fedcba")
    assert "Compiling" in caplog.text

"""Edits of a machine's steps in a trace: interventions on its memory, its controller's state and its actions."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from machines import Register

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import (
    GRU,
    LSTM,
    Action,
    CompositeMemory,
    Edit,
    Elman,
    FromText,
    Multiplicative,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    PointerStack,
    Reversal,
    harden,
    trace,
)
from neuralstack.tasks import TASKS
from small import drawn_machine

pytest_plugins = ("small_runs",)

TASK = Reversal(8)
SMALL = Reversal(6, alphabet="ab")
EXAMPLES = [name for name in MEMORIES_UNDER_TEST if name != "none"]
SIZES = {"hidden": 6, "embedding": 4, "connection": "paper"}


def small_machine(memory, kind=Elman, **options):
    return drawn_machine(kind, memory, SMALL.vocab_size, **SIZES | options)


def outputs(traced):
    """The outputs and the actions of a machine in a trace."""
    steps = traced["steps"]
    actions = [[memory["actions"] for memory in step["memories"]] for step in steps]
    return [step["answered"] for step in steps], [step["probability"] for step in steps], actions


def held(traced, time, which=0):
    """The symbols of the elements after a step, the oldest first, with what is left of each."""
    strengths = {}
    for step in traced["steps"][: time + 1]:
        strengths |= {element: strength for element, strength, _ in step["memories"][which]["changed"]}
    elements = traced["memories"][which]["elements"]
    return [(elements[number]["symbol"], strengths[number]) for number in sorted(strengths) if strengths[number] > 0]


@pytest.mark.parametrize("name", quick(EXAMPLES, "stack"))
def test_edits_that_put_back_what_is_there_change_nothing(name):
    machine = small_machine(MEMORIES_UNDER_TEST[name](4))
    plain = trace(machine, SMALL, "abba")
    same = Edit(
        state=lambda state: state,
        memory=FromText("abba"),
        action=lambda action: action,
    )
    edited = trace(machine, SMALL, "abba", edit={3: same, 5: Edit(memory=lambda actions: actions)})
    assert outputs(edited)[0] == outputs(plain)[0]
    np.testing.assert_allclose(outputs(edited)[1], outputs(plain)[1], atol=2e-4)
    assert edited["answer"] == plain["answer"] == edited["unedited"]["answer"]
    assert edited["unedited"]["answered"] == outputs(plain)[0]
    for which in range(len(plain["memories"])):
        for time in range(len(plain["steps"])):
            shown, wanted = held(edited, time, which), held(plain, time, which)
            assert [symbol for symbol, _ in shown] == [symbol for symbol, _ in wanted]
            np.testing.assert_allclose([left for _, left in shown], [left for _, left in wanted], atol=3e-4)
    assert json.loads(json.dumps(edited, allow_nan=False)) == edited
    assert (plain["edits"], plain["unedited"]) == ([], None)


def test_a_push_that_is_suppressed_is_missing_from_the_answer(learned_machine):
    found = trace(learned_machine, TASK, "abcd", edit={2: Edit(action={"push": 0})})
    assert (found["answer"], found["unedited"]["answer"], found["right_answer"]) == ("dca", "dcba", "dcba")
    assert [edit["part"] for edit in found["edits"]] == ["action"]
    assert found["edits"][0]["change"].endswith("→ 0")
    assert found["steps"][2]["memories"][0]["actions"][0]["push"] == 0
    assert "b" not in [element["symbol"] for element in found["memories"][0]["elements"]]
    assert len(found["steps"]) == len(found["unedited"]["answered"]) - 1


def test_the_same_is_lost_if_only_the_memory_forgets_a_push(learned_machine):
    without = {4: Edit(memory=lambda actions: {"push": actions.push * (np.arange(4) != 2)})}
    assert trace(learned_machine, TASK, "abcd", edit=without)["answer"] == "dca"


def test_a_memory_that_another_text_has_left_is_what_is_answered(learned_machine):
    found = trace(learned_machine, TASK, "abc", edit={4: Edit(memory=FromText("wxyz", step=5))})
    assert (found["answer"], found["unedited"]["answer"]) == ("zyxw", "cba")
    symbols = [symbol for symbol, left in held(found, 4) if left > 0.5]
    assert symbols[-4:] == ["w", "x", "y", "z"]
    put = [element for element in found["memories"][0]["elements"] if element["symbol"] == "z"]
    assert {element["step"] for element in put} == {4}


def test_an_emptied_memory_ends_the_answer(learned_machine):
    hard = harden(learned_machine, TASK)
    empty = {4: Edit(memory=FromText("any", step=0))}
    assert held(trace(hard, TASK, "abc", edit=empty), 4) == []
    width = hard.memory.read_size
    given = {4: Edit(memory=Action([], [], np.zeros((0, width))))}
    assert held(trace(hard, TASK, "abc", edit=given), 4) == []


def test_a_controller_that_is_given_an_earlier_state_reads_on(learned_machine):
    found = trace(learned_machine, TASK, "abcd", edit={7: Edit(state=FromText("abcd", step=2))})
    (action,) = found["steps"][7]["memories"][0]["actions"]
    assert action["push"] > 0.9 > 0.1 > action["pop"]
    (before,) = found["steps"][6]["memories"][0]["actions"]
    assert before["push"] < 0.1 < 0.9 < before["pop"]
    assert "of 16 numbers" in found["edits"][0]["change"] or "of 64 numbers" in found["edits"][0]["change"]


@pytest.mark.parametrize(("connection", "sees"), [("paper", True), ("layer", False)])
def test_the_next_step_sees_what_is_read_from_an_edited_memory(connection, sees):
    machine = small_machine(NeuralStack(4), connection=connection)
    plain = trace(machine, SMALL, "abba")
    edited = trace(machine, SMALL, "abba", edit={4: Edit(memory=FromText("bbb", step=3))})
    actions, wanted = outputs(edited)[2], outputs(plain)[2]
    assert actions[:4] == wanted[:4]
    assert (actions[4] != wanted[4]) is sees


def test_a_memory_of_ones_own_is_filled_by_actions():
    machine = small_machine(Register(2))
    actions = jnp.ones(1), jnp.array([[0.25, 0.75]])
    found = trace(machine, SMALL, "ab", edit={2: Edit(memory=actions, action=lambda action: {0: 0.0})})
    assert [strength for _, strength in held(found, 2)] == [0.25, 0.75]
    assert found["edits"][0]["change"] == "what is left by 1 given actions"


def test_a_part_deep_within_an_action_is_edited():
    both = small_machine(CompositeMemory(NeuralStack(4), NeuralQueue(4)))
    found = trace(both, SMALL, "ab", edit={1: Edit(action={1: {"push": 0.125}})})
    assert [memory["actions"][0]["push"] == 0.125 for memory in found["steps"][1]["memories"]] == [False, True]
    deque = small_machine(NeuralDeque(4))
    found = trace(deque, SMALL, "ab", edit={1: Edit(action={"bottom": {"pop": 1}})})
    assert [action["pop"] == 1 for action in found["steps"][1]["memories"][0]["actions"]] == [False, True]


@pytest.mark.parametrize("kind", quick([LSTM, GRU, Multiplicative], LSTM))
def test_numbers_of_a_controllers_state_are_set(kind):
    machine = small_machine(NeuralStack(4), kind, num_layers=2)
    seen = []

    def silent(state):
        seen.append(state)
        return {0: {0: 0.0} if isinstance(state[0], tuple) else 0.0}

    found = trace(machine, SMALL, "abab", edit={4: Edit(state=silent)})
    assert len(seen) == 1
    assert found["edits"][0]["change"].startswith("part 1")
    assert outputs(found)[1][:4] == pytest.approx(outputs(trace(machine, SMALL, "abab"))[1][:4], abs=2e-4)
    assert outputs(found)[1][4:] != outputs(trace(machine, SMALL, "abab"))[1][4:]


def test_the_state_of_a_readout_is_edited():
    readout = Multiplicative(4, 3, key=jax.random.key(0))
    machine = drawn_machine(
        Elman, NeuralStack(4), SMALL.vocab_size, hidden=4, embedding=4, connection="skip", readout=readout
    )
    found = trace(machine, SMALL, "ab", edit={2: Edit(readout=lambda state: jax.tree.map(jnp.zeros_like, state))})
    assert found["edits"][0]["part"] == "readout"
    assert outputs(found)[2] == outputs(trace(machine, SMALL, "ab"))[2]


def test_a_task_that_answers_at_every_step_is_edited_too():
    task = TASKS["dyck-2"]()
    machine = drawn_machine(Elman, NeuralStack(4), task.vocab_size, hidden=6, embedding=4)
    found = trace(
        machine,
        task,
        "( [ ] )" if " " in task.decode([0, 1]) else task.decode([0, 1, 3, 2]),
        edit={1: Edit(action={"push": 0})},
    )
    assert found["steps"][1]["memories"][0]["actions"][0]["push"] == 0
    assert len(found["unedited"]["answered"]) == len(found["steps"]) == 4


BAD = {
    "a step that is not reached": (
        {40: Edit(action={"push": 0})},
        "edit[40] is beyond the last step: the machine takes",
    ),
    "a negative step": ({-1: Edit(action={"push": 0})}, "the steps of edit are numbered from 0, got -1."),
    "an unknown field": (
        {1: Edit(action={"pusj": 0})},
        "at step 2, edit[1].action has no part 'pusj': it has push, pop, value.",
    ),
    "another shape": (
        {1: Edit(action={"value": [0.0, 1.0]})},
        "at step 2, edit[1].action['value'] must be a number or have the shape [4], got the shape [2].",
    ),
    "another structure": ({1: Edit(action=(1, 0))}, "at step 2, edit[1].action must have the structure"),
    "no number": ({1: Edit(action={"push": "x"})}, "edit[1].action['push'] must be numbers of shape [], got 'x'."),
    "infinity": ({1: Edit(state=float("inf"))}, "must have the structure"),
    "no strength": (
        {1: Edit(action={"push": 2})},
        "edit[1].action does not fit: NeuralStack's push must lie in [0, 1], got 2.",
    ),
    "actions of another width": (
        {1: Edit(memory=Action([1.0], [0.0], [[1.0]]))},
        "at step 2, edit[1].memory does not fit: NeuralStack takes push [steps], pop [steps], value [steps, 4]",
    ),
    "other steps": (
        {2: Edit(memory=lambda actions: {"push": [0.0]})},
        "edit[2].memory['push'] must be a number or have the shape [2], got the shape [1].",
    ),
    "a step that the other text lacks": (
        {1: Edit(memory=FromText("a", step=50))},
        "edit[1].memory is taken from step 50 of 'a', on which the machine takes",
    ),
    "another alphabet": ({1: Edit(memory=FromText("xy"))}, "unknown symbol 'x'"),
    "a state that there is not": ({1: Edit(readout=0.0)}, "edit[1].readout must have the structure"),
}


@pytest.mark.parametrize(("edits", "message"), BAD.values(), ids=BAD)
def test_an_edit_that_does_not_fit_is_refused_by_name(edits, message):
    machine = small_machine(NeuralStack(4))
    with pytest.raises(ValueError, match=re.escape(message)):
        trace(machine, SMALL, "ab", edit=edits)


def test_edits_of_other_kinds_are_refused():
    machine = small_machine(PointerStack(4))
    for edits, message in (
        ([Edit(action=0)], "edit must be an object such as"),
        ({1: {"push": 0}}, "edit[1] must be an object such as"),
        ({"1": Edit(action=0)}, "the steps of edit must be whole numbers, got '1'."),
    ):
        with pytest.raises(TypeError, match=re.escape(message)):
            trace(machine, SMALL, "ab", edit=edits)
    with pytest.raises(ValueError, match="an edit needs at least one of state, memory, action, readout"):
        Edit()
    with pytest.raises(ValueError, match="FromText needs a step of the other text, a whole number from 0, got -1"):
        FromText("a", -1)

"""Recipes of single tasks: the best machine and training that are known for each (`SOLVED` counts their seeds)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neuralstack.training._quantization import Quantization

EXACT: dict[str, Any] = {
    "controller": "multiplicative",
    "memory_dim": 16,
    "curriculum": "adaptive",
    "quantization": True,
    "binarization": 0.0,
    "epsilon": 1e-5,
    "batch_size": 64,
    "evaluate_every": 100,
    "max_steps": 20_000,
}
"""Shared by all: lengths that grow by success, a finishing phase that makes the machine exact, and, unless a recipe has
another one, a controller whose tokens choose how the state moves."""

FINITE_STATE = EXACT | {
    "memory": "none",
    "learning_rate": 2e-3,
    "learning_rate_half_life": 2000,
    "restart_after": 1500,
    "finish_within": 4000,
    "extra_steps": 1000,
}
"""For tasks that a finite automaton solves."""

MANY_STATES = FINITE_STATE | {"quantization": Quantization(begin_at=0.9), "extra_steps": 5000}
"""For an automaton with some fifty states, whose rare transitions take longer to learn."""

STACK = EXACT | {
    "memory": "stack",
    "connection": "skip(gates_see_input=True, value_constant=True, value_scale=0.1, embedding_scale=0.5)",
    "learning_rate": 5e-3,
    "learning_rate_half_life": 1000,
    "restart_after": 300,
    "finish_within": 2000,
    "extra_steps": 500,
}
"""For tasks that one stack solves whose actions follow from the tokens."""

SEES_TOP = (
    "skip(feedback=1.0, gates_see_input=True, gates_see_read=True, value_constant=True, value_scale=0.1, "
    "embedding_scale=0.5)"
)
"""A connection whose controller and gates see what was read."""

BRACKETS = EXACT | {
    "memory": "stack",
    "connection": (
        "paper(value_sees_input=True, gates_see_input=True, gates_see_state=False, value_constant=True, "
        "embedding_scale=0.5)"
    ),
    "balanced_start": True,
    "curriculum": "uniform",
    "learning_rate": 2e-3,
    "learning_rate_half_life": 2000,
    "begin_within": 2500,
    "finish_within": 3500,
    "extra_steps": 6000,
}
"""For tasks that one stack solves whose controller must see what is on top, and could count a little by itself."""

EQUATIONS = BRACKETS | {
    "curriculum": "adaptive",
    "adaptive_accuracy": 0.8,
    "min_length": 7,
    "learning_rate_half_life": 6000,
    "restart_after": 1500,
    "begin_within": 4000,
    "finish_within": 0,
    "extra_steps": 30_000,
    "max_steps": 100_000,
}
"""The same for equations: short ones are left out, since they are learned by heart, lengths grow earlier, and rounding
takes longer."""

QUEUES = EXACT | {
    "memory": "queue+queue",
    "controller": "elman",
    "connection": (
        "skip(feedback=1.0, gates_see_input=True, gates_see_read=True, values_repeat_read=True, value_constant=True, "
        "value_scale=0.1, embedding_scale=0.5)"
    ),
    "learning_rate": 5e-3,
    "learning_rate_half_life": 1500,
    "restart_after": 200,
    "finish_within": 2500,
    "extra_steps": 500,
}
"""For tasks that two queues solve whose actions also follow from what is read, such as that a queue is empty."""

FINITE_STATE_TASKS = "even-pairs", "parity", "cycle-navigation", "missing-duplicate"
ARITHMETIC = QUEUES | {
    "controller": "multiplicative",
    "connection": SEES_TOP,
    "adaptive_accuracy": 0.6,
    "quantization": Quantization(begin_at=0.7, raise_at=0.7),
    "learning_rate": 2e-3,
    "restart_after": 500,
    "begin_within": 2500,
    "finish_within": 0,
    "max_steps": 10_000,
}
"""For tasks that two queues solve but for rare sequences, so that no validation set is answered without an error."""

COUNTERS = EXACT | {
    "memory": "stack+stack+stack+stack+stack",
    "memory_dim": 20,
    "controller": "feedforward",
    "connection": SEES_TOP,
    "quantization": Quantization(begin_at=0.9, raise_at=0.7),
    "learning_rate": 5e-3,
    "learning_rate_half_life": 2000,
    "restart_after": 600,
    "begin_within": 2500,
    "max_steps": 9000,
    "extra_steps": 500,
}
"""For tasks that need one counter for each symbol; a controller without a state cannot count by itself."""

STACK_TASKS = "stack-manipulation", "reverse-string"
QUEUE_TASKS = "duplicate-string", "odds-first"
TASK_RECIPES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {task: MappingProxyType(FINITE_STATE) for task in FINITE_STATE_TASKS}
    | {"modular-arithmetic": MappingProxyType(MANY_STATES)}
    | {task: MappingProxyType(STACK) for task in STACK_TASKS}
    | {"modular-arithmetic-brackets": MappingProxyType(BRACKETS), "solve-equation": MappingProxyType(EQUATIONS)}
    | {task: MappingProxyType(QUEUES) for task in QUEUE_TASKS}
    | {"bucket-sort": MappingProxyType(COUNTERS)}
    | {"binary-addition": MappingProxyType(ARITHMETIC)}
)
"""Options by task, named as in `configure`."""

MACHINE = frozenset({"memory", "controller", "connection", "readout"})


def task_recipe(task: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the recipe of a task; it is empty for tasks without one, and if options choose another machine.

    Examples:
        >>> task_recipe("parity", {"seed": 1})["controller"]
        'multiplicative'
        >>> task_recipe("parity", {"memory": "stack"})
        {}
    """
    return {} if MACHINE & options.keys() else TASK_RECIPES.get(task, {})

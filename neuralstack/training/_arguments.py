"""Checks of the objects given to training."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from neuralstack._arguments import require_object
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask
from neuralstack.training._bounds import check_bounds
from neuralstack.training._curriculum import AbstractCurriculum
from neuralstack.training.objectives import AbstractObjective


def check_objects(model: Any, task: Any, objective: Any, curriculum: Any, optimizer: Any, key: Any) -> None:
    """Check that objects can be trained together; the objective, curriculum and optimizer may be None.

    Raises:
        TypeError: If an object is of the wrong type.
        ValueError: If one of their numbers is out of range, or the model's logits do not fit the task.
    """
    require_object("task", task, AbstractTask, "ns.Reversal()")
    optional = (
        ("objective", objective, AbstractObjective, "ns.Supervised()"),
        ("curriculum", curriculum, AbstractCurriculum, "ns.Warmup((8, 16))"),
        ("optimizer", optimizer, optax.GradientTransformation, "optax.adam(1e-2)"),
    )
    for name, value, kind, example in optional:
        if value is not None:
            require_object(name, value, kind, example)
    for value in (objective, curriculum):
        if value is not None:
            check_bounds(value)
    if not isinstance(key, jax.Array):
        raise TypeError(f"key must be a random key such as jax.random.key(0), got {key!r}.")
    check_logits(model, task)


def check_logits(model: Any, task: AbstractTask) -> None:
    """Check that a model gives logits for a task's tokens.

    Raises:
        TypeError: If the model is not a module from tokens to logits.
        ValueError: If the logits have another shape.
    """
    if not callable(model) or isinstance(model, type):
        require_object("model", model, Machine, "ns.Machine(...), or any module from tokens to logits")
    wanted = task.steps, task.vocab_size
    if isinstance(model, Machine):
        given: Any = (task.steps, model.vocab_size)
    else:
        logits = eqx.filter_eval_shape(model, jax.ShapeDtypeStruct(wanted[:1], jnp.int32))
        given = getattr(logits, "shape", type(logits).__name__)
    if given != wanted:
        raise ValueError(
            f"a model for this task maps tokens [steps] to logits [steps, {wanted[1]}], one for each of "
            f"task.vocab_size={wanted[1]} tokens; for {wanted[0]} steps this one gives {given}."
        )

"""Checks of the objects that a training is made of."""

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
    """Refuse objects that cannot be trained together; an objective, a curriculum and an optimizer may be None.

    Raises:
        TypeError: If an object is not of its kind.
        ValueError: If a number of one is impossible, or the model's logits do not suit the task.
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
    """Refuse a model that does not give the logits of a task's tokens.

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

"""The first batch of a small configuration, and losses of its objective on it."""

from dataclasses import replace
from functools import cache, partial

import jax

from neuralstack import complete
from neuralstack.training import begin, configure, draw_batch, step_key, step_spec, with_options

SIZES = {"batch_size": 4, "hidden_dim": 8, "memory_dim": 8, "controller": "elman"}
BASE = configure("reversal", min_length=1, max_length=6, curriculum="uniform", **SIZES)


@cache
def learner(**options):
    """A state, its step specification, and the first batch, the same for all of them."""
    config = complete(with_options(BASE, **options))
    return begin(config), step_spec(config), first_batch()


@cache
def first_batch():
    config = complete(with_options(BASE, objective="imitation"))
    return draw(begin(config), step_spec(config))


@partial(jax.jit, static_argnames="program")
def draw(state, program):
    return draw_batch(state, program, step_key(state))


def value_and_gradient(state, program, batch, **changes):
    return _value_and_gradient(state, program._replace(objective=replace(program.objective, **changes)), batch)


@partial(jax.jit, static_argnames="program")
def _value_and_gradient(state, program, batch):
    def loss(learners):
        return program.objective.loss(*learners, state.objective_state, batch, jax.random.key(1))

    return jax.value_and_grad(loss, has_aux=True)((state.model, state.heads))

"""Machines of every way to join a controller and a memory, of which no weight is 0."""

import jax
import jax.numpy as jnp
import numpy as np

from cases import CONNECTIONS_UNDER_TEST, CONTROLLERS_UNDER_TEST, MEMORIES_UNDER_TEST

VOCABULARY, HIDDEN, WIDTH = 5, 4, 3


def joined_machine(connection, layer, memory, embedding=WIDTH, layers=1):
    """A machine of which no weight is 0."""
    constructor = CONNECTIONS_UNDER_TEST[connection]
    shapes = jax.eval_shape(
        lambda key: constructor(
            CONTROLLERS_UNDER_TEST[layer](embedding, HIDDEN, num_layers=layers, key=key),
            MEMORIES_UNDER_TEST[memory](WIDTH),
            VOCABULARY,
            key=key,
        ),
        jax.random.key(0),
    )
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.7, leaf.shape)), shapes)


def draw_tokens(*shape):
    return jnp.asarray(np.random.default_rng(1).integers(0, VOCABULARY, shape))

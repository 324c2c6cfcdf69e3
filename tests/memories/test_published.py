import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST
from neuralstack import Action, run

# Grefenstette et al. (2015), Figure 1a: three pushes of 1, 2 and 3.
FIGURE = Action(push=[0.8, 0.5, 0.9], pop=[0.0, 0.1, 0.9], value=[[1.0], [2.0], [3.0]])
READS = {"queue": [0.8, 1.3, 2.7], "stack": [0.8, 1.5, 2.8]}
STRENGTHS = {
    "queue": [[0.8, 0, 0], [0.7, 0.5, 0], [0, 0.3, 0.9]],
    "stack": [[0.8, 0, 0], [0.7, 0.5, 0], [0.3, 0, 0.9]],
}


@pytest.mark.parametrize("name", READS)
def test_a_whole_run_reads_what_the_figure_shows(name):
    reads = run(MEMORIES_UNDER_TEST[name](1), FIGURE)
    np.testing.assert_allclose(reads[:, 0], READS[name], rtol=1e-6)


@pytest.mark.parametrize("name", READS)
def test_single_steps_read_and_leave_what_the_figure_shows(name):
    memory, action = MEMORIES_UNDER_TEST[name](1), Action(*map(jnp.array, FIGURE))

    def step(state, now):
        state, read = memory.step(state, now)
        return state, (read[0], memory.strengths(state))

    reads, strengths = jax.lax.scan(step, memory.init(3), action)[1]
    np.testing.assert_allclose(reads, READS[name], rtol=1e-6)
    np.testing.assert_allclose(strengths, STRENGTHS[name], rtol=1e-6, atol=1e-7)

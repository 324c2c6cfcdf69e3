import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cases import MEMORIES_UNDER_TEST, quick
from neuralstack import Action, NeuralStack, PointerStack, Tape, run

STEPS, WIDTH = 5, 3


def dtypes_of(value_dtype, strength_dtype=None):
    """The dtypes of the reads of a run and of a step, and of the strengths that the step leaves."""
    stack = NeuralStack(WIDTH)

    def run_and_step(push, value):
        dtype = value_dtype if jnp.issubdtype(value_dtype, jnp.floating) else None
        state, read = stack.step(stack.init(STEPS, dtype), Action(push[0], push[0], value[0]))
        return run(stack, Action(push, push, value)), read, stack.strengths(state)

    shapes = jax.eval_shape(run_and_step, jnp.ones(STEPS, strength_dtype), jnp.ones((STEPS, WIDTH), value_dtype))
    return tuple(shape.dtype for shape in shapes)


def test_bfloat16_values_are_read_as_bfloat16_with_float32_strengths():
    assert dtypes_of(jnp.bfloat16) == (jnp.bfloat16, jnp.bfloat16, jnp.float32)
    assert dtypes_of(jnp.bfloat16, jnp.bfloat16) == (jnp.bfloat16, jnp.bfloat16, jnp.float32)


@pytest.mark.slow
def test_float64_values_are_all_float64(float64):
    assert dtypes_of(jnp.float64) == (jnp.float64, jnp.float64, jnp.float64)
    assert dtypes_of(jnp.float64, jnp.float32) == (jnp.float64, jnp.float64, jnp.float64)


def test_whole_numbers_are_read_in_the_default_floating_dtype():
    assert dtypes_of(jnp.int32) == (jnp.float32, jnp.float32, jnp.float32)
    with jax.enable_x64(True):
        assert dtypes_of(jnp.int32) == (jnp.float64, jnp.float64, jnp.float64)


def test_gradients_have_the_dtypes_of_what_they_are_the_gradients_of():
    stack = NeuralStack(WIDTH)
    strengths = jnp.full(STEPS, 0.5)
    action = Action(strengths, strengths.astype(jnp.bfloat16), jnp.ones((STEPS, WIDTH), jnp.bfloat16))
    gradient = jax.eval_shape(jax.grad(lambda action: run(stack, action).sum()), action)
    assert [part.dtype for part in gradient] == [jnp.float32, jnp.bfloat16, jnp.bfloat16]


@pytest.mark.parametrize("name", quick(MEMORIES_UNDER_TEST, "stack"))
def test_reads_and_gradients_need_no_promotion_of_dtypes_or_ranks(name):
    memory = MEMORIES_UNDER_TEST[name](WIDTH)
    raw = jax.random.normal(jax.random.key(0), (STEPS, memory.action_size))
    forms = [memory] if name in ("nondeterministic", "none") else [memory, memory.discretized()]
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        for dtype in (jnp.float32, jnp.bfloat16):
            for form in forms:
                total = jax.grad(lambda raw, form=form: run(form, form.decode(raw)).sum())
                assert jax.eval_shape(total, raw.astype(dtype)).dtype == dtype
        step = jax.eval_shape(memory.step, memory.init(STEPS), memory.decode(raw[0]))
        assert step[1].shape == (memory.read_size,)


@pytest.mark.slow
def test_mixture_weights_of_bfloat16_add_up_to_1_as_far_as_they_can():
    for memory in (PointerStack(1), Tape(1)):
        raw = jax.random.normal(jax.random.key(0), (50, memory.action_size))
        assert run(memory, memory.decode(raw.astype(jnp.bfloat16))).dtype == jnp.bfloat16


@pytest.mark.slow
def test_bfloat16_reads_are_the_float32_reads_rounded():
    rng = np.random.default_rng(0)
    push, pop = rng.random((2, 30)).astype(np.float32)
    values = jnp.asarray(rng.normal(size=(30, WIDTH)), jnp.bfloat16)
    wanted = run(NeuralStack(WIDTH), Action(push, pop, values.astype(jnp.float32)))
    reads = run(NeuralStack(WIDTH), Action(push, pop, values))
    np.testing.assert_allclose(reads.astype(jnp.float32), wanted, atol=0.03)

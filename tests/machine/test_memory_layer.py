import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cases import quick
from neuralstack import Action, NeuralStack, read_weights, run
from neuralstack.machine import PARALLEL_CONTROLLERS, MemoryLayer

SIZE, STEPS = 5, 9
KINDS = [(controller, queue) for controller in PARALLEL_CONTROLLERS for queue in (False, True)]
OTHERS = [pytest.param(*kind, marks=pytest.mark.slow) for kind in KINDS[1:3]]
kinds = pytest.mark.parametrize(("controller", "queue"), [KINDS[0], *OTHERS, KINDS[-1]])


def build(controller="feedforward", queue=False, **sizes):
    sizes = {"hidden": 8, "width": 6, "heads": 2} | sizes
    return MemoryLayer(SIZE, controller=controller, queue=queue, key=jax.random.key(0), **sizes)


def draw_inputs(*shape):
    return jax.random.normal(jax.random.key(1), (*shape, SIZE))


@kinds
@pytest.mark.parametrize("steps", quick([1, STEPS], STEPS))
def test_a_sequence_of_any_length_becomes_one_of_the_same_shape(controller, queue, steps):
    outputs = eqx.filter_jit(build(controller, queue))(draw_inputs(steps))
    assert outputs.shape == (steps, SIZE)
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("controller", quick(PARALLEL_CONTROLLERS, "attention"))
def test_its_output_is_what_a_stack_reads_that_is_told_the_same(controller):
    layer = build(controller)
    reads, outputs = jax.jit(lambda inputs: (run(NeuralStack(6, kernel=False), layer.act(inputs)), layer(inputs)))(
        draw_inputs(STEPS)
    )
    np.testing.assert_allclose(outputs, jax.vmap(layer.answer)(reads), atol=1e-5)


def test_as_a_queue_it_reads_what_was_pushed_first():
    layer = build(queue=True)
    push, pop, values = layer.act(draw_inputs(STEPS))
    assert isinstance(layer.act(draw_inputs(STEPS)), Action)
    wanted = jax.vmap(layer.answer)(read_weights(push, pop, queue=True) @ values)
    np.testing.assert_allclose(layer(draw_inputs(STEPS)), wanted, atol=1e-5)


@kinds
def test_no_output_depends_on_a_later_input(controller, queue):
    layer, inputs = eqx.filter_jit(build(controller, queue)), draw_inputs(STEPS)
    for step in (1, 5):
        np.testing.assert_allclose(layer(inputs)[:step], layer(inputs.at[step:].add(1))[:step], atol=1e-6)


@pytest.mark.parametrize(("controller", "depends"), [("attention", True), ("feedforward", False)])
def test_only_with_attention_an_action_depends_on_earlier_inputs(controller, depends):
    layer, inputs = build(controller), draw_inputs(STEPS)
    actions = [jnp.concatenate([one.push[1:], one.pop[1:]]) for one in map(layer.act, (inputs, inputs.at[0].add(1)))]
    assert (np.abs(actions[0] - actions[1]).min() > 0) == depends


@pytest.mark.slow
@pytest.mark.parametrize(("controller", "queue"), [KINDS[0], pytest.param(*KINDS[-1], marks=pytest.mark.slow)])
def test_a_batch_is_every_sequence_alone_and_every_weight_has_a_gradient(controller, queue):
    layer, inputs = build(controller, queue), draw_inputs(3, STEPS)
    outputs = eqx.filter_jit(eqx.filter_vmap(layer))(inputs)
    np.testing.assert_allclose(outputs[1], eqx.filter_jit(layer)(inputs[1]), atol=1e-5)
    gradient = eqx.filter_jit(eqx.filter_grad(lambda layer: (jax.vmap(layer)(inputs) ** 2).sum()))(layer)
    for leaf in jax.tree.leaves(gradient):
        assert np.isfinite(leaf).all()
        assert np.any(leaf)


def test_it_starts_by_pushing_more_than_it_pops():
    actions = build().act(jnp.zeros((2, SIZE)))
    assert (actions.push > 0.5).all()
    assert (actions.pop < 0.5).all()


def test_layers_can_be_piled_up():
    pile = eqx.nn.Sequential([eqx.nn.Lambda(build()), eqx.nn.Lambda(build("attention", True))])
    assert pile(draw_inputs(STEPS)).shape == (STEPS, SIZE)


@pytest.mark.parametrize("sizes", [{"hidden": 0}, {"width": -1}])
def test_sizes_below_1_are_refused(sizes):
    with pytest.raises(
        ValueError, match="sizes must be at least 1, got size=5, .*" + "=".join(map(str, *sizes.items()))
    ):
        build(**sizes)


@pytest.mark.parametrize("heads", [0, 3])
def test_heads_that_do_not_divide_the_width_are_refused(heads):
    message = f"attention needs heads, at least 1, that divide its width, got {heads=}, hidden=8."
    with pytest.raises(ValueError, match=re.escape(message)):
        build("attention", heads=heads)


def test_an_unknown_controller_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"unknown controller 'atention': did you mean 'attention'\?"):
        build("atention")


SYMBOLS = 4


def draw_words(key, batch, length, queue, marked):
    """Words, a separator, and symbols to be ignored; the answers, and the steps at which they are due.

    A stack answers the word backwards, after the separator. A queue answers the word from the separator on: after it, a
    pop has taken away the first symbol. If `marked`, each step itself shows whether it comes after the separator.
    """
    times = jnp.arange(2 * length + 1)
    symbols = jax.random.randint(key, (batch, len(times)), 0, SYMBOLS)
    shown = jax.nn.one_hot(symbols, SYMBOLS) * (times != length)[None, :, None]
    phase = jnp.stack([times == length, (times > length) & marked], axis=1).astype(float)
    inputs = jnp.concatenate([shown, jnp.broadcast_to(phase, (batch, *phase.shape))], axis=2)
    word = symbols[:, :length]
    return inputs, *((word, slice(length, -1)) if queue else (word[:, ::-1], slice(length + 1, None)))


@pytest.mark.parametrize(
    ("controller", "queue", "length", "steps"),
    [
        pytest.param("feedforward", False, 4, 300, id="feedforward, stack"),
        pytest.param("feedforward", True, 4, 300, id="feedforward, queue"),
        pytest.param("attention", False, 6, 500, id="attention, stack"),
    ],
)
@pytest.mark.slow
def test_it_learns_words_of_one_length_and_answers_those_of_twice_the_length(controller, queue, length, steps):
    """With attention, the separator alone shows when to answer; without it, each step needs a mark."""
    optimizer, marked = optax.adam(0.01), controller == "feedforward"

    def logits_of(layer, inputs, when):
        return jax.vmap(layer)(inputs)[:, when, :SYMBOLS]

    def loss_of(params, static, key):
        inputs, answers, when = draw_words(key, 16, length, queue, marked)
        logits = logits_of(eqx.combine(params, static), inputs, when)
        return optax.softmax_cross_entropy_with_integer_labels(logits, answers).mean()

    def learn(seed):
        keys = jax.random.split(jax.random.key(seed), steps + 2)
        layer = MemoryLayer(SYMBOLS + 2, controller=controller, queue=queue, hidden=16, width=8, key=keys[0])
        params, static = eqx.partition(layer, eqx.is_inexact_array)

        def step(carry, key):
            params, state = carry
            loss, gradient = jax.value_and_grad(loss_of)(params, static, key)
            updates, state = optimizer.update(gradient, state, params)
            return (optax.apply_updates(params, updates), state), loss

        (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), keys[2:])
        inputs, answers, when = draw_words(keys[1], 100, 2 * length, queue, marked)
        right = logits_of(eqx.combine(params, static), inputs, when).argmax(-1) == answers
        return losses[-50:].mean(), right.mean()

    # From some initial weights it never distinguishes reading from answering: the best of four, chosen by its loss.
    losses, right = jax.jit(jax.vmap(learn))(jnp.arange(4))
    assert right[losses.argmin()] == 1, (losses, right)

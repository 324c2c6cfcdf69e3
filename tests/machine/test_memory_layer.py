import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cases import quick
from neuralstack import (
    Action,
    DequeAction,
    NeuralDeque,
    NeuralQueue,
    NeuralStack,
    NoMemory,
    SuperpositionStack,
    read_weights,
)
from neuralstack.machine import MemoryLayer

SIZE, STEPS = 5, 9
MEMORIES = {
    "stack": NeuralStack(6),
    "queue": NeuralQueue(6),
    "deque": NeuralDeque(3),
    "superposition": SuperpositionStack(4),
}
KINDS = [
    ("feedforward", "stack"),
    ("attention", "queue"),
    ("gru", "deque"),
    ("gru", "stack"),
    ("feedforward", "superposition"),
]
OTHERS = [pytest.param(*kind, marks=pytest.mark.slow) for kind in KINDS[2:]]
kinds = pytest.mark.parametrize(("controller", "memory"), [*KINDS[:2], *OTHERS])


def build(controller="feedforward", memory="stack", **sizes):
    sizes = {"hidden": 8, "heads": 2} | sizes
    return MemoryLayer(SIZE, controller=controller, memory=MEMORIES[memory], key=jax.random.key(0), **sizes)


def draw_inputs(*shape):
    return jax.random.normal(jax.random.key(1), (*shape, SIZE))


@kinds
@pytest.mark.parametrize("steps", quick([1, STEPS], STEPS))
def test_a_sequence_of_any_length_becomes_one_of_the_same_shape(controller, memory, steps):
    outputs = eqx.filter_jit(build(controller, memory))(draw_inputs(steps))
    assert outputs.shape == (steps, SIZE)
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("memory", quick(["stack", "queue"], "queue"))
def test_its_output_is_what_the_closed_form_reads(memory):
    layer = build("attention", memory)
    push, pop, values = layer.act(draw_inputs(STEPS))
    assert isinstance(layer.act(draw_inputs(STEPS)), Action)
    wanted = jax.vmap(layer.answer)(read_weights(push, pop, queue=memory == "queue") @ values)
    np.testing.assert_allclose(layer(draw_inputs(STEPS)), wanted, atol=1e-5)


def test_a_deque_is_acted_on_at_both_ends():
    actions = build(memory="deque").act(draw_inputs(STEPS))
    assert isinstance(actions, DequeAction)
    assert actions.bottom.value.shape == (STEPS, 3)


@kinds
def test_no_output_depends_on_a_later_input(controller, memory):
    layer, inputs = eqx.filter_jit(build(controller, memory)), draw_inputs(STEPS)
    for step in (1, 5):
        np.testing.assert_allclose(layer(inputs)[:step], layer(inputs.at[step:].add(1))[:step], atol=1e-6)


@pytest.mark.parametrize(("controller", "depends"), [("attention", True), ("feedforward", False), ("gru", True)])
def test_an_action_depends_on_earlier_inputs_unless_the_controller_is_feedforward(controller, depends):
    layer, inputs = build(controller), draw_inputs(STEPS)
    actions = [jnp.concatenate([one.push[1:], one.pop[1:]]) for one in map(layer.act, (inputs, inputs.at[0].add(1)))]
    assert (np.abs(actions[0] - actions[1]).min() > 0) == depends


@kinds
def test_one_step_at_a_time_gives_the_same_outputs(controller, memory):
    layer, inputs = build(controller, memory), draw_inputs(STEPS)
    outputs = eqx.filter_jit(
        lambda layer: jax.lax.scan(lambda *given: layer.step(*given), layer.init(STEPS), inputs)[1]
    )(layer)
    np.testing.assert_allclose(outputs, eqx.filter_jit(layer)(inputs), atol=1e-5)


@pytest.mark.parametrize(("controller", "memory"), [*KINDS[:2], *OTHERS[:-1]])  # the last has no action that empties it
def test_sequences_laid_end_to_end_do_not_see_each_other(controller, memory):
    layer, inputs, lengths = build(controller, memory), draw_inputs(STEPS), [4, 1, 4]
    starts = jnp.zeros(STEPS, bool).at[np.cumsum([0, *lengths[:-1]])].set(True)

    def loss(layer, inputs, starts):
        return (jnp.arange(1.0, len(inputs) + 1)[:, None] * layer(inputs, starts) ** 2).sum()

    @eqx.filter_jit
    def both(layer):
        def alone(layer):
            parts = jnp.split(inputs, np.cumsum(lengths)[:-1])
            weights = jnp.split(jnp.arange(1.0, STEPS + 1)[:, None], np.cumsum(lengths)[:-1])
            return sum((weight * layer(part) ** 2).sum() for weight, part in zip(weights, parts, strict=True))

        return eqx.filter_value_and_grad(loss)(layer, inputs, starts), eqx.filter_value_and_grad(alone)(layer)

    packed, apart = both(layer)
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5), packed, apart)


@pytest.mark.slow
@kinds
def test_a_batch_is_every_sequence_alone_and_every_weight_has_a_gradient(controller, memory):
    layer, inputs = build(controller, memory), draw_inputs(3, STEPS)
    outputs = eqx.filter_jit(eqx.filter_vmap(layer))(inputs)
    np.testing.assert_allclose(outputs[1], eqx.filter_jit(layer)(inputs[1]), atol=1e-5)
    gradient = eqx.filter_jit(eqx.filter_grad(lambda layer: (jax.vmap(layer)(inputs) ** 2).sum()))(layer)
    for leaf in jax.tree.leaves(gradient):
        assert np.isfinite(leaf).all()
        assert np.any(leaf)


def test_the_attention_of_many_steps_is_computed_in_blocks_and_is_that_of_all_at_once():
    controller = build("attention").controller
    inputs = draw_inputs(300)
    projected = jax.vmap(controller.project)(inputs)
    causal = jnp.tril(jnp.ones((300, 300), bool))
    wanted = jnp.tanh(projected + controller.attend(projected, projected, projected, mask=causal))
    np.testing.assert_allclose(jax.jit(lambda inputs: controller(inputs))(inputs), wanted, atol=1e-5)


def test_it_starts_by_pushing_more_than_it_pops():
    actions = build().act(jnp.zeros((2, SIZE)))
    assert (actions.push > 0.5).all()
    assert (actions.pop < 0.5).all()


def test_layers_can_be_piled_up():
    pile = eqx.nn.Sequential([eqx.nn.Lambda(build()), eqx.nn.Lambda(build("attention", "queue"))])
    assert pile(draw_inputs(STEPS)).shape == (STEPS, SIZE)


class Delayed(eqx.Module):
    """A user's controller: each step sees the one before it, unless a sequence starts there."""

    weights: jax.Array

    def __call__(self, inputs, starts=None):
        before = jnp.pad(inputs, ((1, 0), (0, 0)))[:-1]
        return (before if starts is None else jnp.where(starts[:, None], 0, before)) @ self.weights


def test_a_module_of_the_user_can_be_the_controller_and_is_given_the_starts():
    controller = Delayed(jax.random.normal(jax.random.key(2), (SIZE, 8)))
    layer = MemoryLayer(SIZE, controller=controller, memory=NeuralStack(3), hidden=8, key=jax.random.key(0))
    inputs, starts = draw_inputs(STEPS), jnp.arange(STEPS) == 4
    np.testing.assert_allclose(layer(inputs, starts)[4:], layer(inputs[4:]), atol=1e-5)
    assert np.abs(layer(inputs)[4:] - layer(inputs[4:])).max() > 1e-3


def test_a_controller_without_starts_is_given_the_inputs_alone():
    controller = eqx.nn.Lambda(jnp.sin)
    layer = MemoryLayer(SIZE, controller=controller, memory=NeuralStack(3), hidden=SIZE, key=jax.random.key(0))
    inputs = draw_inputs(STEPS)
    np.testing.assert_allclose(layer(inputs, jnp.arange(STEPS) == 4)[4:], layer(inputs[4:]), atol=1e-5)


def test_a_controller_of_all_steps_at_once_cannot_take_one():
    layer = MemoryLayer(SIZE, controller=eqx.nn.Lambda(jnp.sin), hidden=SIZE, key=jax.random.key(0))
    with pytest.raises(TypeError, match=r"needs a controller with init\(steps\), .* and step\(state, x\), .*; Lambda"):
        layer.init(STEPS)


@pytest.mark.parametrize(
    ("controller", "error", "message"),
    [
        (Delayed, TypeError, "give a module, or one of the names, got the class Delayed"),
        (3, TypeError, "give a module, or one of the names, got an object of type int"),
        (eqx.nn.Linear(SIZE, 8, key=jax.random.key(0)), ValueError, "but Linear fails on inputs [4, 5]: "),
        (Delayed(jnp.ones((SIZE, 7))), ValueError, "but Delayed maps [4, 5] to [4, 7]: give hidden= its width."),
        (eqx.nn.Lambda(lambda inputs: (inputs, inputs)), ValueError, "but Lambda maps [4, 5] to an object of type"),
    ],
    ids=["class", "number", "of one vector", "another width", "a tuple"],
)
def test_what_cannot_be_a_controller_is_refused(controller, error, message):
    with pytest.raises(error, match=re.escape(message)):
        build(controller)


def test_what_is_no_memory_or_reads_nothing_is_refused(unchecked_types):
    with pytest.raises(TypeError, match=r"memory must be an object such as ns\.NeuralStack\(64\), got "):
        MemoryLayer(SIZE, memory="stack", key=jax.random.key(0))
    with pytest.raises(ValueError, match="a memory layer needs a memory that can be read, got NoMemory"):
        MemoryLayer(SIZE, memory=NoMemory(), key=jax.random.key(0))


@pytest.mark.parametrize("sizes", [{"hidden": 0}, {"hidden": -1}])
def test_sizes_below_1_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes must be at least 1, got size=5, " + "=".join(map(str, *sizes.items()))):
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
        memory = NeuralQueue(8) if queue else NeuralStack(8)
        layer = MemoryLayer(SYMBOLS + 2, controller=controller, memory=memory, hidden=16, key=keys[0])
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

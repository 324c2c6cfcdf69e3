import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neuralstack as ns
from cases import quick
from neuralstack.machine import transformer_from_spec, transformer_spec
from small import drawn

VOCABULARY, STEPS = 7, 9
MEMORIES = {
    "none": None,
    "stack": ns.NeuralStack(4),
    "queue": ns.NeuralQueue(5),
    "deque": ns.NeuralDeque(3),
    "tape": ns.Tape(3),
}
TOKENS = jnp.array([0, 3, 6, 1, 1, 5, 2, 4, 0])


def build(memory="stack", **sizes):
    sizes = {"width": 8, "num_layers": 2, "heads": 2} | sizes
    return drawn(lambda key: ns.Transformer(VOCABULARY, memory=MEMORIES[memory], **sizes, key=key))


memories = pytest.mark.parametrize("memory", quick(MEMORIES, "none", "stack"))


@memories
def test_no_logits_depend_on_a_later_token(memory):
    transformer = build(memory)
    logits = transformer(TOKENS)
    assert logits.shape == (STEPS, VOCABULARY)
    for step in (1, 6):
        changed = transformer(TOKENS.at[step:].set(4))
        np.testing.assert_allclose(changed[:step], logits[:step], atol=1e-5)
        assert not np.allclose(changed[step], logits[step], atol=1e-3)


@memories
@pytest.mark.parametrize("num_layers", quick((1, 2, 3), 3))
def test_one_token_at_a_time_gives_the_logits_of_the_whole_sequence(memory, num_layers):
    transformer = build(memory, num_layers=num_layers)
    state = transformer.init(steps=STEPS + 3)  # with room for more
    step = jax.jit(lambda transformer, state, token: transformer.step(state, token))
    for token, wanted in zip(TOKENS, transformer(TOKENS), strict=True):
        state, shown = step(transformer, state, token)
        np.testing.assert_allclose(shown.logits, wanted, rtol=1e-4, atol=1e-4)
    assert int(state.time) == STEPS


@memories
def test_every_weight_has_a_gradient(memory):
    transformer = build(memory)
    weights = jax.random.normal(jax.random.key(1), (STEPS, VOCABULARY))
    gradient = eqx.filter_jit(eqx.filter_grad(lambda transformer: (weights * transformer(TOKENS)).sum()))(transformer)
    sizes = [float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient)]
    assert len(sizes) == len(jax.tree.leaves(transformer))
    assert np.isfinite(sizes).all()
    assert min(sizes) > 0


def test_a_batch_is_each_of_its_sequences():
    transformer, batch = build(), jnp.stack([TOKENS, TOKENS[::-1]])
    for logits, tokens in zip(jax.vmap(transformer)(batch), batch, strict=True):
        np.testing.assert_allclose(logits, transformer(tokens), atol=1e-4)


def test_the_order_of_earlier_tokens_matters_even_to_one_block_without_a_memory():
    transformer = build("none", num_layers=1)
    swapped = TOKENS.at[jnp.array([1, 2])].set(TOKENS[jnp.array([2, 1])])
    assert not np.allclose(transformer(swapped)[-1], transformer(TOKENS)[-1], atol=1e-4)


def test_at_first_its_logits_are_of_the_size_of_a_guess():
    @jax.jit
    def logits_of(key):
        return ns.Transformer(50, memory=ns.NeuralStack(64), num_layers=6, key=key)(jnp.arange(40))

    logits = logits_of(jax.random.key(0))
    assert 0.2 < float(logits.std()) < 2


WRONG = {
    "heads that do not divide the width": ({"heads": 3}, "heads that divide its width, got heads=3, width=8"),
    "no blocks": ({"num_layers": 0}, "num_layers of a Transformer must be an integer of at least 1, got 0"),
    "half a width": ({"width": 7.5}, "width of a Transformer must be an integer of at least 1, got 7.5"),
    "no tokens": ({"vocab_size": 0}, "vocab_size of a Transformer must be an integer of at least 1, got 0"),
}


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("sizes", "text"), WRONG.values(), ids=WRONG)
def test_impossible_sizes_are_refused(sizes, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        ns.Transformer(**{"vocab_size": 5, "width": 8, "heads": 2} | sizes, key=jax.random.key(0))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("memory", ["stack", ns.NeuralStack], ids=["a name", "a class"])
def test_a_memory_that_is_no_layer_is_refused(memory):
    with pytest.raises(TypeError, match=r"memory must be an object such as ns.NeuralStack\(64\), got"):
        ns.Transformer(5, memory=memory, key=jax.random.key(0))


def test_a_token_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="tokens must be from 0 to 6, got 7"):
        build()(jnp.array([0, 7]))
    with pytest.raises(ValueError, match="tokens must be from 0 to 6, got -1"):
        build().step(build().init(1), jnp.array(-1))


def test_it_says_that_it_cannot_be_hashed():
    with pytest.raises(TypeError, match=r"a transformer holds arrays and cannot be hashed.*eqx.filter_jit"):
        hash(build())


@memories
def test_its_specification_describes_it(memory):
    transformer = build(memory, num_layers=3)
    like = transformer_from_spec(transformer_spec(transformer))
    assert jax.tree.structure(like) == jax.tree.structure(transformer)
    shapes = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), transformer)
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), like) == shapes


SPEC = {"vocab_size": 5, "width": 8, "num_layers": 2, "heads": 2, "memory": None}
BROKEN = {
    "a Transformer must be a mapping, got list": {"transformer": [], "dtype": "float32"},
    "lacks heads": {"transformer": {name: SPEC[name] for name in SPEC if name != "heads"}, "dtype": "float32"},
    "width must be an integer from 1 to 65536, got 100000": {"transformer": SPEC | {"width": 100_000}},
    "num_layers must be an integer from 1 to 64, got 65": {"transformer": SPEC | {"num_layers": 65}},
    "must have at most 2147483648 weights, got": {"transformer": SPEC | {"width": 65536}},
    "heads that divide its width": {"transformer": SPEC | {"heads": 3}},
    "dtype must be one of float16": {"transformer": SPEC, "dtype": "int8"},
    "a memory must name one of": {"transformer": SPEC | {"memory": {"kind": "Heap"}}},
}


@pytest.mark.parametrize(("text", "spec"), BROKEN.items(), ids=BROKEN)
def test_a_broken_specification_is_refused(text, spec):
    with pytest.raises(ValueError, match=text):
        transformer_from_spec({"dtype": "float32"} | spec)


REFUSING = {
    "harden": lambda transformer: ns.harden(transformer),
    "extract": lambda transformer: ns.extract(transformer, ns.Reversal()),
    "trace": lambda transformer: ns.trace(transformer, ns.Reversal(), "ab"),
    "stream": lambda transformer: ns.Stream(transformer),
}


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("name", REFUSING)
def test_what_rounds_or_shows_actions_needs_a_machine(name):
    with pytest.raises(TypeError, match=r"machine must be an object such as ns\..*, got an object of type Transformer"):
        REFUSING[name](build())

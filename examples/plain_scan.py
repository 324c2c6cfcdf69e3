"""A memory without a neural network library: a dictionary of weights, `jax.lax.scan` and `jax.grad`.

An Elman step acts on a neural stack and learns to reverse short strings. Run it with `python examples/plain_scan.py`.
"""

import jax
import jax.numpy as jnp
import optax

import neuralstack as ns

SYMBOLS, LENGTH, HIDDEN, WIDTH, BATCH = 3, 4, 16, 8, 32
BLANK, STEPS = SYMBOLS, 2 * LENGTH
STACK = ns.NeuralStack(WIDTH)


def draw_weights(key: jax.Array) -> dict[str, jax.Array]:
    """Draw the weights of the recurrent step, of the action and of the answer."""
    shapes = {
        "input": (SYMBOLS + 1, HIDDEN),
        "state": (HIDDEN, HIDDEN),
        "action": (HIDDEN, STACK.action_size),
        "answer": (WIDTH, SYMBOLS),
    }
    keys = jax.random.split(key, len(shapes))
    drawn = {
        name: jax.random.normal(key, shape) / shape[0] ** 0.5
        for (name, shape), key in zip(shapes.items(), keys, strict=True)
    }
    return drawn | {"bias": STACK.initial_bias()}


def logits(weights: dict[str, jax.Array], tokens: jax.Array) -> jax.Array:
    """Run one string: at each step the network acts on the stack and answers from the read."""

    def step(carry, token):
        hidden, memory = carry
        hidden = jnp.tanh(weights["input"][token] + hidden @ weights["state"])
        memory, read = STACK.step(memory, STACK.decode(hidden @ weights["action"] + weights["bias"]))
        return (hidden, memory), read @ weights["answer"]

    return jax.lax.scan(step, (jnp.zeros(HIDDEN), STACK.init(len(tokens))), tokens)[1]


def draw_batch(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw strings, each followed by blanks; the targets for the blanks are the string reversed."""
    strings = jax.random.randint(key, (BATCH, LENGTH), 0, SYMBOLS)
    return jnp.concatenate([strings, jnp.full_like(strings, BLANK)], axis=1), strings[:, ::-1]


def loss(weights: dict[str, jax.Array], key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the cross-entropy of a batch, and the fraction of correct symbols."""
    tokens, targets = draw_batch(key)
    output = jax.vmap(logits, in_axes=(None, 0))(weights, tokens)[:, LENGTH:]
    right = (output.argmax(-1) == targets).mean()
    return optax.softmax_cross_entropy_with_integer_labels(output, targets).mean(), right


def train(steps: int = 800, seed: int = 0) -> tuple[float, float]:
    """Train, and return the accuracy before and after, on a separately drawn batch."""
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2))
    weights = draw_weights(jax.random.key(seed))
    test = jax.random.key(1_000_000)

    @jax.jit
    def step(carry, key):
        weights, state = carry
        updates, state = optimizer.update(jax.grad(loss, has_aux=True)(weights, key)[0], state)
        return (optax.apply_updates(weights, updates), state), None

    keys = jax.random.split(jax.random.key(seed + 1), steps)
    before = float(loss(weights, test)[1])
    (weights, _), _ = jax.lax.scan(step, (weights, optimizer.init(weights)), keys)
    return before, float(loss(weights, test)[1])


if __name__ == "__main__":
    first, last = train()
    print(f"symbol accuracy before training: {first:.2f}, after: {last:.2f}")

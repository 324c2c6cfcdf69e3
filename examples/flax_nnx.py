"""A Flax module that trains with a memory: a GRU cell acts on a neural stack and learns to reverse strings.

A memory is three pure functions, so it works in `flax.nnx.scan` and `flax.nnx.grad` unchanged. The example needs Flax,
which the package itself does not: `pip install flax`. Run it with `python examples/flax_nnx.py`.
"""

import sys

try:
    import flax.nnx as nnx
except ImportError:
    sys.exit(print("examples/flax_nnx.py needs Flax, which is not installed: pip install flax", file=sys.stderr) or 2)

import jax
import jax.numpy as jnp
import optax

import neuralstack as ns

TASK = ns.Reversal(max_length=8, alphabet="abcd")
STACK = ns.NeuralStack(width=16)
HIDDEN, BATCH = 32, 32


class Machine(nnx.Module):
    """An embedding, a GRU cell that acts on the stack, and an answer from the read."""

    def __init__(self, rngs: nnx.Rngs):
        self.embedding = nnx.Embed(TASK.vocab_size, STACK.width, rngs=rngs)
        self.cell = nnx.GRUCell(STACK.width, HIDDEN, rngs=rngs)
        self.action = nnx.Linear(HIDDEN, STACK.action_size, rngs=rngs)
        self.action.bias.set_value(STACK.initial_bias())  # at first, push and mostly do not pop
        self.answer = nnx.Linear(STACK.width, TASK.vocab_size, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Return the logits after each token of one sequence."""

        def step(machine, carry, token):
            hidden, memory = carry
            embedded = machine.embedding(token)
            hidden, shown = machine.cell(hidden, embedded)
            raw = machine.action(shown)
            memory, read = STACK.step(memory, STACK.decode(raw.at[2:].add(embedded)))  # two strengths, then the value
            return (hidden, memory), machine.answer(read)

        scan = nnx.scan(step, in_axes=(None, nnx.Carry, 0), out_axes=(nnx.Carry, 0))
        return scan(self, (jnp.zeros(HIDDEN), STACK.init(len(tokens))), tokens)[1]


def draw_batch(key: jax.Array) -> ns.Example:
    """Draw strings of 2, 4 and 8 symbols."""
    length_key, example_key = jax.random.split(key)
    lengths = jax.random.choice(length_key, jnp.array([2, 4, 8]), (BATCH,))
    return jax.vmap(TASK.sample)(jax.random.split(example_key, BATCH), lengths)


def run(machine: Machine, inputs: jax.Array) -> jax.Array:
    """Run a batch."""
    return nnx.vmap(lambda machine, tokens: machine(tokens), in_axes=(None, 0))(machine, inputs)


def loss(machine: Machine, batch: ns.Example) -> jax.Array:
    """Return the mean cross-entropy of the answers."""
    losses = optax.softmax_cross_entropy_with_integer_labels(run(machine, batch.inputs), batch.targets)
    return jnp.where(batch.mask, losses, 0).sum() / batch.mask.sum()


@nnx.jit
def accuracy(machine: Machine, key: jax.Array) -> jax.Array:
    """Return the fraction of correct symbols in a batch."""
    batch = draw_batch(key)
    right = run(machine, batch.inputs).argmax(-1) == batch.targets
    return (right & batch.mask).sum() / batch.mask.sum()


@nnx.jit
def train_step(machine: Machine, optimizer: nnx.Optimizer, key: jax.Array) -> jax.Array:
    """Take one step of training on a fresh batch; return its loss."""
    value, gradient = nnx.value_and_grad(loss)(machine, draw_batch(key))
    optimizer.update(machine, gradient)
    return value


def train(steps: int = 600, seed: int = 0) -> tuple[float, float]:
    """Train, and return the accuracy before and after, on a separately drawn batch."""
    machine = Machine(nnx.Rngs(seed))
    adam = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2))
    optimizer = nnx.Optimizer(machine, adam, wrt=nnx.Param)
    test = jax.random.key(1_000_000)
    before = float(accuracy(machine, test))
    for step in range(steps):
        value = train_step(machine, optimizer, jax.random.fold_in(jax.random.key(seed), step))
        if (step + 1) % 100 == 0:
            print(f"step {step + 1:4}   loss {float(value):.4f}   symbol accuracy {float(accuracy(machine, test)):.3f}")
    return before, float(accuracy(machine, test))


if __name__ == "__main__":
    first, last = train(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"symbol accuracy before training: {first:.2f}, after: {last:.2f}")

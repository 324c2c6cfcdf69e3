"""A Transformer that learns to reverse strings once a memory layer is added to it.

Its block of attention and a perceptron is plain Equinox; the stack is one line among them. It is trained on strings of
8 to 64 symbols, and tested on 65 to 128. Run it with `python examples/transformer_reversal.py`, and with `--seeds 20`
for the count of seeds that learn.
"""

import argparse
import json
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp

import neuralstack as ns
from neuralstack.reporting import Table

TASK = ns.Reversal()
WIDTH, HEADS = 64, 4
ATTEMPT, MOST = 300, 3000  # batches of an attempt by which it answers some string, and of all attempts
LEARNING_RATE, FINISHING_RATE = 3e-3, 1e-3  # of an attempt, and once it answers some string
WARMUP, EXTRA = (8, 16, 32), 200  # lengths at first, and batches after all strings were answered
COUNT, SOLVED = 1000, 0.99  # test strings, and the share without an error from which a seed counts


class Transformer(eqx.Module):
    """Causal attention, a memory layer and a perceptron, with the norm first in each.

    What comes in is added to what attention and perceptron find, but gets past the memory only by factors that are
    learned and begin at 0: otherwise the network learns to guess without its memory.
    """

    embedding: jax.Array
    norms: list[eqx.nn.LayerNorm]
    attention: eqx.nn.MultiheadAttention
    memory: ns.MemoryLayer
    skip: jax.Array
    perceptron: eqx.nn.MLP
    output: eqx.nn.Linear

    def __init__(self, vocab_size: int, *, key: jax.Array):
        keys = jax.random.split(key, 5)
        self.embedding = jax.random.normal(keys[0], (vocab_size, WIDTH))
        self.norms = [eqx.nn.LayerNorm(WIDTH) for _ in range(4)]
        self.attention = eqx.nn.MultiheadAttention(HEADS, WIDTH, key=keys[1])
        self.memory = ns.MemoryLayer(WIDTH, memory=ns.NeuralStack(WIDTH), controller="gru", key=keys[2])
        self.skip = jnp.zeros(WIDTH)
        self.perceptron = eqx.nn.MLP(WIDTH, WIDTH, 4 * WIDTH, 1, jax.nn.gelu, key=keys[3])
        self.output = eqx.nn.Linear(WIDTH, vocab_size, key=keys[4])

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Return the logits after each token of one sequence."""
        causal = jnp.tril(jnp.ones((len(tokens), len(tokens)), bool))
        x = self.embedding[tokens]
        y = jax.vmap(self.norms[0])(x)
        x = x + self.attention(y, y, y, mask=causal)
        x = self.skip * x + self.memory(jax.vmap(self.norms[1])(x))  # the memory
        x = x + jax.vmap(self.perceptron)(jax.vmap(self.norms[2])(x))
        return jax.vmap(self.output)(jax.vmap(self.norms[3])(x))


def learn(
    seed: int, task: ns.Reversal = TASK, lengths: tuple[int, int] = (8, 64), most: int = MOST, count: int = COUNT
) -> dict:
    """Train one seed and test it on strings of up to twice the length; return how it went.

    An attempt that answers nothing after `ATTEMPT` batches is followed by one with other weights. One that answers some
    strings goes on until all are answered at four evaluations in a row, and `EXTRA` batches more.
    """
    began, steps, attempts, short = time.monotonic(), 0, 0, min(ATTEMPT, most)
    while attempts == 0 or (answered(fitted) == 0 and steps + short <= most):
        key = jax.random.fold_in(jax.random.key(seed), attempts)
        fitted = fit(Transformer(task.vocab_size, key=key), task, lengths, short, LEARNING_RATE, key)
        attempts, steps = attempts + 1, steps + fitted.history.column("step")[-1]
    if steps < most:
        fitted = fit(fitted.machine, task, lengths, most - steps, FINISHING_RATE, jax.random.fold_in(key, 1))
        steps += fitted.history.column("step")[-1]
    beyond = lengths[1] + 1, 2 * lengths[1]
    score = ns.evaluate(fitted.machine, task, lengths=beyond, count=count)
    seconds = round(time.monotonic() - began, 1)
    return {"seed": seed, "whole": score.coarse, "steps": steps, "restarts": attempts - 1, "seconds": seconds}


def fit(
    model: Transformer, task: ns.Reversal, lengths: tuple[int, int], steps: int, rate: float, key: jax.Array
) -> ns.Fitted:
    """Train on short strings until they are answered, then on all, and show how it goes."""

    def show(record):
        shown = f"batch {record['step']}: {record['validation']['coarse']:.3f} of the strings answered"
        print(shown, file=sys.stderr, flush=True)

    kinds = {
        "curriculum": ns.Warmup(WARMUP),
        "optimizer": ns.clipped_adam(rate),
        "stopping": ns.Stopping(extra_steps=EXTRA),
    }
    return ns.fit(model, task, **kinds, lengths=lengths, max_steps=steps, evaluate_every=100, key=key, progress=show)


def answered(fitted: ns.Fitted) -> float:
    """Return the largest share of the validation strings that was answered without an error."""
    return max(fitted.history.column("validation", "coarse"))


def main() -> None:
    """Train some seeds, and count those that answer nearly every test string without an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    arguments = parser.parse_args()
    rows = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        rows.append(learn(seed))
        if arguments.json:
            print(json.dumps(rows[-1]), flush=True)
    if not arguments.json:
        print(Table("Reversal of 65 to 128 symbols, trained on 8 to 64", tuple(rows[0]), [*map(_cells, rows)]))
    solved = sum(row["whole"] >= SOLVED for row in rows)
    print(
        f"{solved} of {len(rows)} seeds answer at least {SOLVED:.0%} of the strings",
        file=sys.stderr if arguments.json else sys.stdout,
    )


def _cells(row: dict) -> tuple:
    return tuple(f"{cell:.3f}" if name == "whole" else cell for name, cell in row.items())


if __name__ == "__main__":
    main()

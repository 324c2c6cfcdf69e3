"""Temporary memory of a training step, and its growth with sequence length.

Prints the temporary memory that the compiled gradient of a training step requests, besides weights and inputs, at 256,
512 and 1024 steps: with the package's own backward pass, for two connections, and with automatic differentiation of the
plain loop over time. `--json` prints `{"256": {"layer": bytes, ...}, ...}` as the last line.
"""

import argparse
import json
from collections.abc import Callable

import jax
import jax.numpy as jnp

import neuralstack as ns
from neuralstack.reporting import Table

BATCH, WIDTH, VOCABULARY = 10, 64, 131
LENGTHS = (256, 512, 1024)


def own_gradient(machine: ns.Machine, tokens: jax.Array) -> jax.Array:
    """Run the unroll that training uses."""
    return machine.batch(tokens).logits


def automatic_gradient(machine: ns.Machine, tokens: jax.Array) -> jax.Array:
    """Run the same machine as a loop over time, differentiated by JAX."""
    return jax.vmap(lambda one: machine.trace(one).logits, in_axes=1, out_axes=1)(tokens)


VARIANTS: dict[str, tuple[str, Callable]] = {
    "layer": ("layer", own_gradient),
    "feedback": ("feedback", own_gradient),
    "automatic": ("layer", automatic_gradient),
}


def temporary_bytes(connection: str, outputs: Callable, steps: int) -> int:
    """Return the bytes that the compiled gradient requests, without running it."""

    def loss(machine, tokens):
        return -jax.nn.log_softmax(outputs(machine, tokens))[..., 0].mean()

    controller = ns.GRU(WIDTH, WIDTH, key=jax.random.key(1))
    machine = ns.Machine(controller, ns.NeuralStack(WIDTH), VOCABULARY, connection=connection, key=jax.random.key(0))
    tokens = jnp.zeros((steps, BATCH), jnp.int32)
    analysis = jax.jit(jax.grad(loss)).lower(machine, tokens).compile().memory_analysis()
    return analysis.temp_size_in_bytes


def main() -> None:
    """Measure every variant at every length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    found = {steps: {name: temporary_bytes(*variant, steps) for name, variant in VARIANTS.items()} for steps in LENGTHS}
    rows = [(steps, *(f"{size / 2**20:.1f}" for size in sizes.values())) for steps, sizes in found.items()]
    last, middle = LENGTHS[-1], LENGTHS[-2]
    growth = [f"{found[last][name] / found[middle][name]:.2f} x" for name in VARIANTS]
    rows.append((f"{last} / {middle}", *growth))
    title = f"Memory of a training step in MiB, batch {BATCH}, width {WIDTH}"
    print(Table(title, ("steps", *VARIANTS), rows))
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

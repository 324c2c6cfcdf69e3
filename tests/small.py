"""Common parts of many tests, above all one small configuration, whose runs share one compiled program."""

import json
import sys
from contextlib import contextmanager

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from neuralstack import Machine
from neuralstack.controllers import INPUT_SCALE
from neuralstack.training import Run, begin, complete, configure

# A small machine on small batches of 2 to 8 symbols, for tests of training, which need not learn.
SMALL = configure(
    "reversal", min_length=2, max_length=8, warmup_lengths=(4, 8), batch_size=25, max_steps=1000, evaluate_every=25,
    hidden_dim=16, memory_dim=16,
)  # fmt: skip
# The default machine learns them within seconds, from nearly every seed. Further batches make strengths and state
# exact, so that the hardened machine is right far beyond training lengths; still more, that it is a program.
LEARNING = {
    "hidden_dim": 64, "memory_dim": 64, "restart_after": 120, "evaluate_every": 50, "stop_after_perfect": 2,
    "extra_steps": 50,
}  # fmt: skip
EXACT = {"extra_steps": 200}
# The same configuration on the command line.
OPTIONS = [
    "train",
    "reversal",
    "--min-length",
    "2",
    "--max-length",
    "8",
    "--warmup-lengths",
    "4",
    "8",
    "--batch-size",
    "25",
    "--hidden-dim",
    "16",
    "--memory-dim",
    "16",
]


COMMANDS = (
    "train", "sweep", "evaluate", "compare", "predict", "harden", "export", "playground", "trace", "view",
    "sample", "export-metrics", "list", "reproduce", "benchmark",
)  # fmt: skip


def command(*arguments):
    """Return the arguments that run the command line in a separate process."""
    return [sys.executable, "-P", "-m", "neuralstack", *map(str, arguments)]


def contents(directory):
    """Return every file below a directory, name to bytes."""
    return {
        file.relative_to(directory).as_posix(): file.read_bytes() for file in directory.rglob("*") if file.is_file()
    }


@contextmanager
def compiled_as_users_do():
    """Compile with optimizations, which takes longer, for programs that run long.

    These programs are not used outside, where their last bits would differ from those of other processes.
    """
    jax.config.update("jax_disable_most_optimizations", False)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", True)
        jax.clear_caches()


def without_seconds(run):
    """Return a run's metrics without the one thing that differs between two equal runs."""
    return [{key: value for key, value in record.items() if key != "seconds"} for record in run.metrics()]


def assert_same_run(one, other):
    """Assert that two runs hold, bit for bit, the same weights, the same checkpoint and the same metrics."""
    assert without_seconds(one) == without_seconds(other)
    for name in ("checkpoint.safetensors", "model.safetensors"):
        assert one.file(name).read_bytes() == other.file(name).read_bytes(), name


def assert_same_leaves(one, other):
    """Assert that two trees hold the same arrays, number for number; a NaN equals a NaN."""
    for leaf, wanted in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(numbers(leaf), numbers(wanted))


def numbers(leaf):
    """Return a leaf as numbers, which a random key wraps."""
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def build_machine(kind, memory, vocab_size, *, hidden=64, embedding=64, num_layers=1, key, **options):
    """Return a machine with a controller of one kind, one of `CONTROLLERS`, as training builds it."""
    scale = 1.0 if options.get("connection") == "paper" else INPUT_SCALE
    controller_key = jax.random.split(key, 6)[1]
    controller = kind(embedding, hidden, num_layers=num_layers, input_scale=scale, key=controller_key)
    return Machine(controller, memory, vocab_size, **options, key=key)


def drawn_machine(*parts, seed=0, **options):
    """Return such a machine with arbitrary weights, without compiling their initialization."""
    return drawn(lambda key: build_machine(*parts, **options, key=key), seed)


def drawn(build, seed=0):
    """Return what a function of a key builds, with arbitrary numbers, without compiling anything."""
    shapes, rng = jax.eval_shape(build, jax.random.key(0)), np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.5, leaf.shape), leaf.dtype), shapes)


def untrained_run(path, config):
    """Make a run that was not trained at all, with a checkpoint and a model; return it."""
    config = complete(config)
    run, state = Run.create(path, config), begin(config)
    run.save_checkpoint(state)
    run.save_model(state.model)
    return run


def with_huge_weights(state):
    """Return a state whose weights are finite, but whose loss cannot be."""
    return eqx.tree_at(lambda state: state.model.output_weights, state, replace_fn=lambda weights: weights * 1e38)


def all_finite(tree):
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))


def json_lines(pairs):
    """Return pairs of source and target as the lines of a data file."""
    return "".join(json.dumps({"source": source, "target": target}) + "\n" for source, target in pairs)

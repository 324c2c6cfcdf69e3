"""Compiling sooner, for a process that mostly compiles."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def compile_lightly() -> None:
    """Let XLA do without what takes a CPU long to compile; programs then run somewhat slower.

    It holds for the whole process, and only if nothing was computed in it before. The command line calls this for quick
    runs. What the user's own `XLA_FLAGS` say comes after it, and counts.
    """
    import jax

    if jax.__version_info__ < (0, 11):  # later ones know the flag no more, and end the process that gives it
        os.environ["XLA_FLAGS"] = f"--xla_cpu_use_fusion_emitters=false {os.environ.get('XLA_FLAGS', '')}".strip()


@contextmanager
def lightly_compiled() -> Iterator[None]:
    """Leave most of the optimizations of the compiler out: for a few steps they take longer than they save."""
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)

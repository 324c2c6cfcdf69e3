"""Settings of JAX for a whole process. Programs make them, before they compute; the library leaves them alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def use_compilation_cache() -> None:
    """Keep compiled programs on disk, so that later processes need not compile them again.

    They lie in the user's cache directory, unless `JAX_COMPILATION_CACHE_DIR` names another one. Where none can be
    written, programs are compiled in every process.
    """
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        directory = cache_directory()
        if directory is None:
            return
        jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


def cache_directory() -> Path | None:
    """Return the directory for compiled programs, made if it was missing, or None if it cannot be written."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        directory = home / "neuralstack" / "jax"
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no permission, a file in the way, no home at all
        return None
    return directory if os.access(directory, os.W_OK | os.X_OK) else None


def use_cores(count: int) -> None:
    """Let JAX see up to `count` devices of the CPU, one for each core.

    Effective only before the first computation of the process.
    """
    import jax

    with suppress(RuntimeError):  # something was computed
        jax.config.update("jax_num_cpu_devices", max(1, min(count, os.cpu_count() or 1)))


def compile_lightly() -> None:
    """Let XLA skip what takes a CPU long to compile; programs then run somewhat slower.

    Effective only before the first computation of the process. The user's own `XLA_FLAGS` take precedence.
    """
    import jax

    if jax.__version_info__ < (0, 11):  # later versions do not know the flag, and end a process that gives it
        os.environ["XLA_FLAGS"] = f"--xla_cpu_use_fusion_emitters=false {os.environ.get('XLA_FLAGS', '')}".strip()


@contextmanager
def lightly_compiled() -> Iterator[None]:
    """Skip most optimizations of the compiler: for a few steps they take longer than they save."""
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)

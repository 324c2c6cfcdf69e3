"""Process-wide settings. Programs make them before they compute anything; the library never does on its own."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MALLOC_OPTIONS = {-4: 0, -1: 2**31 - 1, -8: 1}
"""Of `malloc.h`: M_MMAP_MAX, no array is apart from the heap; M_TRIM_THRESHOLD, the heap does not shrink; M_ARENA_MAX,
all threads share it, since the heaps of single threads are too small for large arrays."""

LIGHTLY = "--xla_cpu_use_fusion_emitters=false"


def use_compilation_cache() -> None:
    """Keep compiled programs on disk, so that later processes need not compile them again.

    They are kept in the user's cache directory, unless `JAX_COMPILATION_CACHE_DIR` names another one. If the cache
    directory is not writable, every process compiles its programs.
    """
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        directory = cache_directory()
        if directory is None:
            return
        jax.config.update("jax_compilation_cache_dir", str(directory))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


def cache_directory() -> Path | None:
    """Return the directory for compiled programs, created if missing, or None if it is not writable."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        directory = home / "neuralstack" / "jax"
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no permission, a file in the way, no home at all
        return None
    return directory if os.access(directory, os.W_OK | os.X_OK) else None


def keep_memory() -> None:
    """Let this process keep the memory that it frees, so that a CPU computes faster on long sequences.

    The GNU C library returns large arrays to the system when they are freed, and the system clears them page by page
    when they are allocated again: for every batch, since XLA and PyTorch allocate what each batch needs. Training
    with memories of some 100 steps and more then takes about a third longer. After this call the process does not
    shrink any more. With another C library it has no effect.

    The command line calls it; programs that train in other ways may.

    Examples:
        >>> import neuralstack as ns
        >>> ns.keep_memory()
    """
    with suppress(AttributeError, OSError, TypeError):  # not the GNU C library; on Windows there is no name None
        set_option = ctypes.CDLL(None).mallopt
        for option, value in MALLOC_OPTIONS.items():
            set_option(option, value)


def cores_of_this_process() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return [*range(os.cpu_count() or 1)]


def use_cores(count: int | None = None) -> None:
    """Let JAX use up to `count` CPU devices, one for each core of this process; all of them, if it is not given.

    Has no effect after the first computation of the process.
    """
    import jax

    cores = len(cores_of_this_process())
    with suppress(RuntimeError):  # something was already computed
        jax.config.update("jax_num_cpu_devices", cores if count is None else max(1, min(count, cores)))


def compile_lightly() -> None:
    """Make XLA skip what takes long to compile for a CPU; programs then run somewhat slower.

    Has no effect after the first computation of the process. The user's own `XLA_FLAGS` take precedence.
    """
    import jax

    flags = os.environ.get("XLA_FLAGS", "")
    if jax.__version_info__ < (0, 11) and LIGHTLY not in flags:  # later versions do not know it and abort the process
        os.environ["XLA_FLAGS"] = f"{LIGHTLY} {flags}".strip()


def silence_xla() -> None:
    """Let XLA print nothing, unless `TF_CPP_MIN_LOG_LEVEL` says otherwise.

    Of several processes that train together, each reports pages when another one ends, instead of one line. Has no
    effect once JAX has been imported.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1") == "1":  # JAX sets it so, and child processes inherit that
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "4"


@contextmanager
def lightly_compiled() -> Iterator[None]:
    """Disable most compiler optimizations, which for a few steps take longer than they save."""
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)

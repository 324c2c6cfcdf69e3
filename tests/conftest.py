import gc
import os

import pytest


def pytest_configure(config):
    """Set up the processes that run tests; one that only hands them out to others need not import JAX."""
    if config.getoption("tx", None) and not hasattr(config, "workerinput"):
        return
    settle_examples(config)
    compile_quickly()
    share_compiled_programs(config)
    os.environ["NEURALSTACK_PROGRESS_SECONDS"] = "86400"  # a slow machine prints no more lines than a fast one
    gc.set_threshold(200_000, 20, 20)  # tracing makes many objects and few cycles


def settle_examples(config):
    """Draw the same examples however slow the machine, few in everyday tests, and leave nothing behind on disk."""
    from hypothesis import settings

    count = 25 if config.option.markexpr == "not slow" else 100
    settings.register_profile("tests", max_examples=count, derandomize=True, deadline=None, database=None)
    settings.load_profile("tests")


def compile_quickly():
    """Compile without optimizations: tests compile much and run little, and this takes about half the time.

    The processes that tests start compile in the same way, so that their numbers are the same to the last bit.
    """
    import jax

    flags = ["--xla_cpu_parallel_codegen_split_count=1"]  # a small program is compiled faster in one piece
    if jax.__version_info__ < (0, 11):  # later versions do not know the flag and abort the process
        flags.append("--xla_cpu_use_fusion_emitters=false")
    os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *flags])
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
    jax.config.update("jax_disable_most_optimizations", True)
    jax.config.update("jax_legacy_prng_key", "error")
    jax.config.update("jax_num_cpu_devices", 2)  # so that computations are spread over devices in tests too


def share_compiled_programs(config):
    """Share compiled programs among all processes of this run of the tests, and with later runs.

    The user's own cache of such programs is left alone. With `-p no:cacheprovider` nothing is kept.
    """
    import jax

    if not hasattr(config, "cache"):
        return
    directory = str(config.cache.mkdir("compilations"))
    os.environ.update(JAX_COMPILATION_CACHE_DIR=directory, JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0")
    jax.config.update("jax_compilation_cache_dir", directory)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def pytest_collection_modifyitems(items):
    """Let the run that many tests look at be trained by one process, while the others test something else."""
    files = {item.path: False for item in items}
    for item in items:
        files[item.path] |= "learned" in getattr(item, "fixturenames", ())
    first = next((path for path, learned in files.items() if learned), None)
    items.sort(key=lambda item: item.path != first and 1 + files[item.path])


@pytest.fixture
def optimized():
    """Compile as users do, for a test whose program runs long."""
    from small import compiled_as_users_do

    with compiled_as_users_do():
        yield


@pytest.fixture
def float64():
    """Build and compute everything in the test in float64."""
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture
def unchecked_types():
    """Leave arguments of wrong types to the library, as in a user's process."""
    import jaxtyping

    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)

import jax
import pytest
from hypothesis import settings

# The same examples in every run, however slow the machine, and nothing left behind on disk.
settings.register_profile("tests", derandomize=True, deadline=None, database=None)
settings.load_profile("tests")

jax.config.update("jax_legacy_prng_key", "error")
jax.config.update("jax_num_cpu_devices", 2)  # what is spread over devices is, here too


@pytest.fixture
def unoptimised():
    """Compile without optimising: half the time, for a test that runs a program once and asks for equality only."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def float64(unoptimised):
    """Let everything that is built and computed in the test be float64."""
    with jax.enable_x64(True):
        yield

import jax
import pytest


@pytest.fixture(autouse=True)
def strict_ranks():
    """Refuse to broadcast arrays of different ranks: a memory has no batch axis that could need it."""
    with jax.numpy_rank_promotion("raise"):
        yield

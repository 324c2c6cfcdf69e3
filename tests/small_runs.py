"""Runs of the small configuration that many tests look at; a test module asks for them with `pytest_plugins`."""

import os
from dataclasses import replace

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache as jax_cache

from neuralstack import load, train
from neuralstack.training import Run, begin, complete
from small import LEARNING, SMALL


@pytest.fixture(scope="session")
def compilation_cache(tmp_path_factory):
    """Let this process and those it starts share compiled programs, and leave the user's cache alone."""
    directory = str(tmp_path_factory.mktemp("compilations"))
    before = jax.config.jax_compilation_cache_dir
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", directory)
        jax.config.update("jax_compilation_cache_dir", directory)
        jax_cache.reset_cache()  # JAX decides at its first compilation whether there is a cache
        yield dict(os.environ)
    jax.config.update("jax_compilation_cache_dir", before)
    jax_cache.reset_cache()


@pytest.fixture(scope="session")
def learned(tmp_path_factory, compilation_cache):
    """A run that was trained until its validation was perfect."""
    path = tmp_path_factory.mktemp("learned") / "run"
    outcome = train(replace(SMALL, **LEARNING), path, show=False)
    assert outcome.status == "perfect"
    return path


@pytest.fixture(scope="session")
def learned_machine(learned):
    return load(learned)


@pytest.fixture(scope="session")
def new_state(compilation_cache):
    """The state at the start of training."""
    return begin(complete(SMALL))


@pytest.fixture(scope="session")
def new_run(tmp_path_factory, new_state):
    """A run with a checkpoint and a model, not trained at all. Tests that change it work on a copy."""
    run = Run.create(tmp_path_factory.mktemp("new") / "run", complete(SMALL))
    run.save_checkpoint(new_state)
    run.save_model(new_state.machine)
    return run

import os

import jax
import pytest

from neuralstack._runtime import compile_lightly

pytest_plugins = ("small_runs",)


@pytest.mark.parametrize(
    ("version", "expected"), [((0, 10, 2), "--xla_cpu_use_fusion_emitters=false --users"), ((0, 11, 0), "--users")]
)
def test_compiling_lightly_leaves_the_users_flags_and_newer_versions_of_jax_alone(version, expected, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--users")
    monkeypatch.setattr(jax, "__version_info__", version)
    compile_lightly()
    assert os.environ["XLA_FLAGS"] == expected


@pytest.mark.parametrize(("own", "expected"), [("2.5", 2.5), (None, 0.3)])
def test_a_command_keeps_programs_that_take_as_long_as_the_user_says(own, expected, call, monkeypatch):
    variable, setting = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "jax_persistent_cache_min_compile_time_secs"
    before = getattr(jax.config, setting)
    monkeypatch.delenv(variable, raising=False)
    if own:
        monkeypatch.setenv(variable, own)
        jax.config.update(setting, float(own))  # as JAX does at its start
    try:
        assert call("list")[0] == 0
        assert getattr(jax.config, setting) == expected
    finally:
        jax.config.update(setting, before)

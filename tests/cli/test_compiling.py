import jax
import pytest

pytest_plugins = ("small_runs",)


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

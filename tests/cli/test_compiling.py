import os

import jax
import pytest

from neuralstack._runtime import compile_lightly


@pytest.mark.parametrize(
    ("version", "expected"), [((0, 10, 2), "--xla_cpu_use_fusion_emitters=false --users"), ((0, 11, 0), "--users")]
)
def test_compiling_lightly_leaves_the_users_flags_and_newer_versions_of_jax_alone(version, expected, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--users")
    monkeypatch.setattr(jax, "__version_info__", version)
    compile_lightly()
    assert os.environ["XLA_FLAGS"] == expected

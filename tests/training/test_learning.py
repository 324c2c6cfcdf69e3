import pytest

from neuralstack import complete, evaluate, fixed_set, load, train
from neuralstack.training import Run, build_task, with_options
from small import LEARNING, SMALL

pytest_plugins = ("small_runs",)


@pytest.mark.slow
def test_a_machine_learns_short_strings_from_any_of_three_seeds(tmp_path, learned):
    paths = [learned, tmp_path / "1", tmp_path / "2"]
    for seed in (1, 2):
        assert train(with_options(SMALL, seed=seed, **LEARNING), paths[seed], show=False).status == "perfect", seed
    for path in paths:
        losses = [record["loss"] for record in Run.open(path).metrics()]
        assert losses[-1] < 0.1 < 3 < losses[0]
        assert evaluate(load(path), fixed_set(build_task(complete(SMALL)), (2, 8))).coarse == 1

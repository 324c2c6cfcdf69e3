import importlib.util
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")

EXAMPLE = Path(__file__).parents[2] / "examples" / "pytorch_reversal.py"


@pytest.fixture(scope="module")
def example():
    """The example as a module; it computes on one thread."""
    spec = importlib.util.spec_from_file_location("pytorch_reversal", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    spec.loader.exec_module(module)
    yield module
    torch.set_num_threads(before)


def small(example, **options):
    sizes = {"train_lengths": (2, 8), "test_lengths": (9, 16), "test_size": 100, "warmup": (4, 8), "batch_size": 25}
    return example.Settings(**sizes | {"perfect_evaluations": 2, "restart_after": 120} | options)


def test_batches_hold_strings_and_their_reversals(example):
    batch = example.draw(small(example), torch.tensor([3, 1]))
    for row, length in enumerate((3, 1)):
        tokens = [*batch.inputs[row].tolist(), batch.targets[row, -1].item()]
        source = tokens[1 : length + 1]
        assert tokens[: 2 * length + 3] == [128, *source, 129, *reversed(source), 130]
        assert batch.targets[row].tolist() == tokens[1:]
        assert batch.targets[row][batch.scored[row]].tolist() == [*reversed(source), 130]
        assert batch.lengths[row] == 2 * length + 2


def test_a_seed_without_progress_restarts(example):
    outcome = example.train(0, small(example, restart_after=3, max_steps=10))
    assert outcome["restarts"] == 3
    assert outcome["steps"] == 10


@pytest.mark.slow
def test_a_small_size_is_learned_and_reported(example, capsys):
    example.main(["--seeds", "2", "--json"], small(example, max_steps=600, perfect_evaluations=4))
    result = json.loads(capsys.readouterr().out)
    assert [seed["longer"] for seed in result["seeds"]] == [1, 1]
    assert result["solved"] == 2
    example.main(["--seeds", "1"], small(example, max_steps=2))
    assert "0 of 1 seeds answer every string of 9 to 16 symbols" in capsys.readouterr().out

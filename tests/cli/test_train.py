"""`neuralstack train`: the run that it keeps, and how it says that it ended."""

import os
import shutil
import signal
import threading
import time

import pytest

from neuralstack.training import Run
from small import OPTIONS, assert_same_run, contents, with_huge_weights

pytest_plugins = ("small_runs",)


def test_train_keeps_a_run_and_says_how_it_ended(call, tmp_path):
    out = tmp_path / "deep" / "run"
    status, said, err = call(*OPTIONS, "--max-steps", 4, "--evaluate-every", 2, "--restart-after", 3, "--out", out)
    assert (status, err) == (0, "restart 1 at step 3: the machine did not learn to use its memory\n")
    assert said.startswith("all 4 steps were taken; best validation at step ")
    result, advice = said.splitlines()
    assert result.endswith(f" s of training, 1 restarts): {out}")
    assert advice.startswith("did not learn: best sequence accuracy 0.0")
    assert "no restarts (--restart-after 0); another seed (--seed, or several with --seeds)" in advice
    assert contents(out).keys() == {"config.json", "metrics.jsonl", "model.safetensors", "checkpoint.safetensors"}
    assert [record["step"] for record in Run(out).metrics()] == [2, 4]


def test_train_names_the_directory_after_its_parts_unless_told(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said, _ = call(*OPTIONS, "--max-steps", 1, "--seed", 7)
    assert status == 0
    result, advice = said.splitlines()
    assert result.endswith(f": {os.path.join('runs', 'reversal-stack-gru-7')}")
    assert "still improving (--resume runs/reversal-stack-gru-7 --max-steps 2)" in advice
    assert Run.open("runs/reversal-stack-gru-7").config().seed == 7


@pytest.fixture
def interrupts_when_there():
    """Returns what has Ctrl-C pressed as soon as there is a file."""
    threads = []

    def watch(file):
        def press():
            while not file.exists():
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=press, daemon=True))
        threads[-1].start()

    yield watch
    for thread in threads:
        thread.join()


def test_an_interrupted_training_exits_with_130_and_is_resumed_from_its_directory(
    call, tmp_path, interrupts_when_there
):
    arguments = [*OPTIONS, "--evaluate-every", 20, "--stop-after-perfect", 0]
    run = Run(tmp_path / "run")
    interrupts_when_there(run.file("checkpoint.safetensors"))
    status, out, err = call(*arguments, "--max-steps", 100_000, "--out", run.path)
    assert (status, out) == (130, "")
    step = int(run.load_checkpoint().step)
    assert 20 <= step < 100_000
    assert err.startswith(f"neuralstack: interrupted at step {step}")
    assert err.endswith(f"continue with neuralstack train --resume {run.path}\n")
    assert call("train", "--resume", run.path, "--max-steps", step + 10)[0] == 0
    assert call(*arguments, "--max-steps", step + 10, "--out", tmp_path / "straight")[0] == 0
    assert_same_run(run, Run(tmp_path / "straight"))


def test_a_failed_training_exits_with_1_and_says_why(call, tmp_path, new_run):
    run = Run(shutil.copytree(new_run.path, tmp_path / "run"))
    run.save_checkpoint(with_huge_weights(run.load_checkpoint()))
    status, out, err = call("train", "--resume", run.path)
    assert (status, out) == (1, "")
    assert err.startswith("neuralstack: stopped at step 0: the loss or its gradient is not a finite number; ")
    assert err.count("\n") == 1


@pytest.mark.slow
def test_train_with_seeds_says_what_became_of_each_and_how_many_succeeded(call, tmp_path):
    more = ["--max-steps", "4", "--evaluate-every", "2", "--seeds", "2", "--out", tmp_path / "runs"]
    status, out, _ = call(*OPTIONS, *more)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines() if "done" in line] == ["seed-0", "seed-1"]
    assert "0 of 2 answer every sequence of the validation set (95% interval 0.000-0.658), 0 after a restart" in out
    assert out.splitlines()[-1].startswith("did not learn: best sequence accuracy ")
    assert call("evaluate", tmp_path / "runs", "--count", "5")[0] == 0
    assert call(*OPTIONS, *more)[0] == 2


def test_train_takes_one_learning_rate_or_several(call, tmp_path):
    given = call(*OPTIONS, "--learning-rate", "0.1", "--learning-rates", "0.1", "0.2", "--out", tmp_path / "runs")
    assert given == (2, "", "neuralstack: give --learning-rate or --learning-rates, not both.\n")

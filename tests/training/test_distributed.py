"""One training on the two devices of this process, and the meeting of several processes."""

import json
import threading

import jax
import numpy as np
import pytest

from neuralstack import DeviceGroup, LocalWorkers, Quantization, grid, join_processes, resume, sweep, train
from neuralstack.training import (
    HEALTHY,
    LostProcessError,
    Place,
    Run,
    begin,
    complete,
    configure,
    find_place,
    free_port,
    meet,
    step_spec,
    train_on_devices,
    train_until,
    with_options,
)
from small import SMALL, assert_same_run, numbers

pytest_plugins = ("small_runs",)

EVEN = with_options(SMALL, batch_size=24, max_steps=8, evaluate_every=4)
STEPS = 3


@pytest.fixture
def text(tmp_path):
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 40)
    return str(tmp_path / "text.txt")


CASES = {
    "imitation, with noise": {"objective": "imitation", "forcing_prob": 0.5, "input_noise": 0.3},
    "reinforce": {"memory": "hard", "objective": "reinforce"},
    "quantization": {
        "quantization": Quantization(every=1, begin_at=0.0, raise_at=0.0, lower_at=0.0),
        "curriculum": "uniform",
    },
    "an odd number of rows on each device": {"batch_size": 6, "reconstruction": 0.1},
    "a transformer": {"controller": "transformer"},
}


def test_a_batch_spread_over_two_devices_trains_like_one_device_to_rounding():
    assert_same_to_rounding(EVEN)


@pytest.mark.slow
@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_what_is_drawn_or_averaged_over_a_batch_is_the_same_on_two_devices(options):
    assert_same_to_rounding(with_options(EVEN, **options))


@pytest.mark.slow
def test_a_text_is_read_on_by_the_same_rows_on_every_device(text):
    assert_same_to_rounding(
        configure("characters", text=text, max_length=8, batch_size=4, hidden_dim=16, memory_dim=16)
    )


def assert_same_to_rounding(config):
    # Adam divides by the size of a gradient, and some of the Transformer's are as small as what was rounded.
    tolerance = 1e-3 if config.machine.controller == "transformer" else 2e-4
    config = complete(config)
    spec, state = step_spec(config), begin(config)
    one = train_until(state, spec, STEPS)
    two = train_on_devices(state, spec, STEPS, DeviceGroup().mesh)
    assert (int(two.step), int(two.failure)) == (STEPS, HEALTHY)
    assert_close(one, two, tolerance)


def assert_close(one, two, tolerance=2e-4):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(numbers(a), numbers(b), rtol=tolerance, atol=tolerance)


def test_a_resumed_run_says_whether_it_goes_on_bit_for_bit_or_to_rounding(tmp_path, capsys):
    both, half = DeviceGroup(), with_options(EVEN, max_steps=4)
    train(EVEN, tmp_path / "straight", devices=both, show=False)
    for name in ("same", "other"):
        train(half, tmp_path / name, devices=both, show=False)
    capsys.readouterr()
    resume(tmp_path / "same", max_steps=8, devices=both)
    assert "training on 2 devices, as many as before: the same, bit for bit, as if" in capsys.readouterr().err
    assert_same_run(Run(tmp_path / "same"), Run(tmp_path / "straight"))
    resume(tmp_path / "other", max_steps=8)
    assert "training on 1 device, after 2 devices: the same as before to rounding" in capsys.readouterr().err
    one, two = (Run(tmp_path / name).load_checkpoint() for name in ("other", "straight"))
    assert_close(one, two)


def test_a_population_on_the_devices_of_one_process_is_that_without_them_and_records_them(tmp_path, capsys):
    cells, both = grid(with_options(SMALL, max_steps=4, evaluate_every=2), seeds=3), DeviceGroup()
    sweep(cells, tmp_path / "plain", show=False)
    sweep(cells, tmp_path / "spread", devices=both)
    assert "neuralstack: training 3 runs on 2 devices, each on one\n" in capsys.readouterr().err
    for name in cells:
        assert_same_run(Run(tmp_path / "plain" / name), Run(tmp_path / "spread" / name))
        record = json.loads((tmp_path / "spread" / name / "devices.json").read_text())
        assert record == [{"step": 0, "devices": 2, "runs": 3, "cores": record[0]["cores"]}]
    resume(tmp_path / "spread" / "seed-1", max_steps=8)
    assert "training on 1 device, as many as before: the same, bit for bit" in capsys.readouterr().err


def test_a_sweep_takes_devices_or_workers_not_both(tmp_path):
    with LocalWorkers(1) as workers, pytest.raises(ValueError, match="give one of the two"):
        sweep([SMALL], tmp_path / "runs", executor=workers, devices=DeviceGroup())


def test_a_batch_that_the_devices_cannot_share_is_refused_and_leaves_nothing(tmp_path):
    message = "batch_size must be a multiple of the 2 devices, got 25: give 24 or 26"
    with pytest.raises(ValueError, match=message):
        train(SMALL, tmp_path / "run", devices=DeviceGroup(), show=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--coordinator", "here:1"), "--coordinator needs --distributed"),
        (("--distributed", "--coordinator", "here:1"), "processes and process must be given as well"),
        (("--distributed", "--join-within", 0), "--join-within must be a number of seconds"),
        (("--distributed", "--coordinator", "here", "--processes", 2, "--process", 0), "must be HOST:PORT"),
        (("--distributed", "--coordinator", "here:1", "--processes", 2, "--process", 2), "from 0 to 1"),
    ],
)
def test_options_that_do_not_fit_together_are_refused_in_one_line(options, message, call):
    status, out, error = call("train", "reversal", *options)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert message in error


def test_a_slurm_job_says_which_process_this_is(monkeypatch):
    job = {"JOB_ID": "4097", "STEP_NODELIST": "node[3-4],other", "NTASKS": "2", "PROCID": "1", "LOCALID": "0"}
    for name, value in job.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    place = find_place(None, None, None)
    assert place is not None
    assert (place.host, place.processes, place.process, place.local_devices) == ("node3", 2, 1, [0])


def test_without_a_cluster_the_devices_are_those_of_this_process():
    with join_processes() as devices:
        assert (devices.count, devices.processes, devices.leads) == (2, 1, True)


def come(*places, patience=20.0):
    """Let processes meet, each in a thread, and return what becomes of each."""
    found = {}

    def visit(number, place):
        try:
            channels, port = meet(place, patience)
            found[number] = len(channels), port
            for channel in channels:
                channel.discard()
        except (ValueError, LostProcessError) as error:
            found[number] = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=visit, args=pair) for pair in enumerate(places)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(places))]


def at(port, processes, process):
    return Place("127.0.0.1", port, processes, process)


def test_processes_meet_in_any_order_and_learn_where_jax_connects_them():
    port = free_port()
    (one, first), (two, second), (three, third) = come(at(port, 3, 2), at(port, 3, 0), at(port, 3, 1))
    assert (one, two, three) == (1, 2, 1)
    assert first == second == third != port


def test_a_process_that_does_not_come_is_named_to_all_others():
    port = free_port()
    message = f"LostProcessError: process 2 of 3 did not come to 127.0.0.1:{port} within 1.5 s: start all of them"
    assert all(line.startswith(message) for line in come(at(port, 3, 0), at(port, 3, 1), patience=1.5))


def test_a_coordinator_that_does_not_answer_is_named():
    port = free_port()
    (line,) = come(at(port, 2, 1), patience=0.5)
    assert line.startswith(f"LostProcessError: process 1 does not reach process 0 at 127.0.0.1:{port} within 0.5 s")


def test_processes_that_do_not_agree_on_their_number_are_all_refused():
    port = free_port()
    message = "ValueError: process 1 was started as one of 3, process 0 as one of 2: give all the same number"
    assert all(line.startswith(message) for line in come(at(port, 2, 0), at(port, 3, 1)))


def test_two_processes_with_one_number_are_refused():
    port = free_port()
    lines = come(at(port, 3, 0), at(port, 3, 1), at(port, 3, 1))
    assert all(line.startswith("ValueError: two processes were started as process 1 of 3") for line in lines)

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from neuralstack.experiments._parallel import map_on_cores
from neuralstack.training import defer_keyboard_interrupt


def test_what_is_made_on_several_cores_comes_in_order():
    assert list(map_on_cores(lambda seconds: time.sleep(seconds) or seconds, (0.2, 0.0, 0.1))) == [0.2, 0.0, 0.1]


def asked(number):
    with defer_keyboard_interrupt() as interrupted:
        return interrupted()


def test_ctrl_c_ends_what_is_done_on_several_cores_and_begins_nothing_more(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    begun, both_begun = [], threading.Barrier(2)
    before = signal.getsignal(signal.SIGINT)

    def train(number):
        begun.append(number)
        with defer_keyboard_interrupt() as interrupted:
            both_begun.wait(30)
            if number == 0:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            for _ in range(1000):
                if interrupted():
                    raise KeyboardInterrupt
                time.sleep(0.01)
        pytest.fail("nobody was interrupted")

    with pytest.raises(KeyboardInterrupt):
        list(map_on_cores(train, range(20)))
    assert sorted(begun) == [0, 1]
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(asked, 0).result()  # later work in another thread was not interrupted
    assert signal.getsignal(signal.SIGINT) is before

"""Ctrl-C, heeded where training can stop without losing anything."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_pressed = threading.Event()  # signals reach the main thread only: the others are told by this


@contextmanager
def defer_keyboard_interrupt() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be asked for instead of stopping anything; a second one stops at once.

    In another thread than the main one, what is asked for is whether the main thread, which heeds it meanwhile, was
    interrupted.
    """

    def heed(signal_number, frame):
        _pressed.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield _pressed.is_set
        return
    before = signal.signal(signal.SIGINT, heed)
    try:
        yield _pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
        _pressed.clear()

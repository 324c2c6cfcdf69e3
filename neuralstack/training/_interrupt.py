"""Ctrl-C and SIGTERM: deferred until training can stop without losing anything, but always effective."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE_SECONDS = 3.0  # seconds that Python code has to stop
PATIENCE_IN_TRAINING = 10.0  # seconds that a chunk of steps or an evaluation has to end

_stopped = threading.Event()  # only the main thread receives signals: this informs the others
_received: list[int] = []
_on_deadline: list[Callable[[], None]] = []  # set by the command line, which may end the process
_timers: list[threading.Timer] = []  # until the deadlines of the interrupts so far


def status_of_interrupt() -> int:
    """Return the exit status of a process that was interrupted: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + (_received[-1] if _received else signal.SIGINT)


@contextmanager
def stop_within_seconds(message: str) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into KeyboardInterrupt, and end the process if that has no effect within a few seconds.

    An exception raised in a callback (of the garbage collector or a compiler) is lost. The files of a run are written
    atomically, so ending the process loses only the steps since the last checkpoint.

    Args:
        message: The line to print before the process is ended.
    """

    def end_process() -> None:
        print(message, file=sys.stderr, flush=True)
        os._exit(status_of_interrupt())

    def on_signal(number, frame):
        _receive(number, GRACE_SECONDS)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    _on_deadline.append(end_process)
    try:
        yield
    finally:
        _on_deadline.pop()
        while _timers:  # the interrupt had its effect
            _timers.pop().cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def defer_keyboard_interrupt() -> Iterator[Callable[[], bool]]:
    """Ignore the first Ctrl-C or SIGTERM, and yield a function that returns whether there was one.

    A second one has its usual effect. In threads other than the main one, the function reports signals to the main
    thread. A SIGTERM that would have ended the process ends it at the end of the context.
    """
    if threading.current_thread() is not threading.main_thread():
        yield _stopped.is_set
        return

    def on_signal(number, frame):
        _stopped.set()
        _receive(number, PATIENCE_IN_TRAINING)
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield _stopped.is_set
    finally:
        restore()
        terminated = _stopped.is_set() and _received[-1] == signal.SIGTERM
        _stopped.clear()
        if terminated and before[signal.SIGTERM] == signal.SIG_DFL:
            os.kill(os.getpid(), signal.SIGTERM)


def _receive(number: int, grace_seconds: float) -> None:
    _received.append(number)
    if _on_deadline:
        timer = threading.Timer(grace_seconds, _on_deadline[-1])
        timer.daemon = True
        timer.start()
        _timers.append(timer)

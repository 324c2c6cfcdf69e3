"""The threads of a process that hear whether the other processes live, and end this one if it cannot go on."""

import os
import queue
import threading
import time
from contextlib import suppress
from typing import Any

import jax

from neuralstack._heartbeat import say
from neuralstack.training._lost import LostProcessError
from neuralstack.training.distributed._messages import Channel, Message

BEAT = 5.0  # seconds between two signs of life
LOOK = 0.01  # seconds between two looks at what has come
GRACE = 4.0  # seconds that the main thread has to end by itself, if it is not waiting for a device
PARTING = 30.0  # seconds to wait until the others have ended as well
WRONG, BAD_INPUT = 1, 2  # exit statuses
KEPT = "what was trained up to the last evaluation is kept and can be resumed"


class Peers:
    """The connections of a process to the others.

    A thread that waits for a device of a process that has died cannot be interrupted. So if the main thread does not
    end within seconds, the process is ended, with one line on standard error.

    Args:
        index: Which of the processes this is.
        channels: Those of process 0 to all others, in order; of these, the one to process 0.
    """

    def __init__(self, index: int, channels: tuple[Channel, ...]):
        self.asked_to_stop = threading.Event()
        self.ended_together = False  # whether an interrupt is known to all, so that none is missed
        self.index = index
        self._channels = channels
        self._heard: list[queue.SimpleQueue[Message | None]] = [queue.SimpleQueue() for _ in channels]
        self._parted = [threading.Event() for _ in channels]
        self._failure: Exception | None = None
        self._failed, self._noticed, self._ended = threading.Event(), threading.Event(), threading.Event()
        for number in range(len(channels)):
            threading.Thread(target=self._listen, args=(number,), daemon=True).start()
        if channels:
            threading.Thread(target=self._beat, daemon=True).start()

    def send(self, kind: str, value: Any = None, content: bytes = b"", *, to: int | None = None) -> None:
        """Send a message to all to whom there is a channel, or, as process 0, to one of them.

        A process that is gone is noticed elsewhere.
        """
        for channel in self._channels if to is None else self._channels[to - 1 : to]:
            with suppress(OSError):
                channel.send(kind, value, content)

    def next_of_each(self) -> list[Message]:
        """Wait for the next value from each, and return them.

        Raises:
            LostProcessError: If a process has ended instead, or the error that ended it.
        """
        messages = [heard.get() for heard in self._heard]
        if self._failure is not None or None in messages:
            self._raise_failure()
        return [message for message in messages if message is not None]

    def arrived(self, within: float) -> list[Message]:
        """Return the next value from each that has sent one; if none has, wait for some.

        Args:
            within: Seconds to wait.

        Raises:
            LostProcessError: If a process has ended, or the error that ended it.
        """
        deadline = time.monotonic() + within
        while True:
            found = [heard.get() for heard in self._heard if not heard.empty()]
            if self._failure is not None or None in found:
                self._raise_failure()
            if found or time.monotonic() >= deadline:
                return [message for message in found if message is not None]
            time.sleep(LOOK)

    def close(self, error: BaseException | None = None) -> None:
        """Part from the others, telling them of an error if there is one.

        Raises:
            Exception: The error that ended another process, if that is why this one fails.
        """
        if not self._channels:
            return
        if isinstance(error, jax.errors.JaxRuntimeError):  # most likely, another process has died
            self._failed.wait(GRACE)
        if self._failure is not None and error is not self._failure:
            self._raise_failure()
        if error is None or (isinstance(error, KeyboardInterrupt) and self.ended_together):
            self.send("bye")
            deadline = time.monotonic() + PARTING
            for parted in self._parted:
                parted.wait(max(0.0, deadline - time.monotonic()))
        elif error is not self._failure:
            kind = "refused" if isinstance(error, ValueError) else "failed"
            self.send(kind, f"process {self.index} ended: {in_one_line(error)}")
        self._ended.set()
        for channel in self._channels:
            channel.close()

    def _raise_failure(self) -> None:
        self._noticed.set()
        raise self._failure or LostProcessError("another process has ended")

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            self.send("alive")

    def _listen(self, number: int) -> None:
        """Receive what one of the other processes sends, until it ends, and close the connection."""
        try:
            self._receive(number)
        finally:
            self._channels[number].discard()

    def _receive(self, number: int) -> None:
        other = number + 1 if self.index == 0 else 0
        while not self._ended.is_set():
            try:
                message = self._channels[number].receive()
            except (OSError, ValueError):
                if not self._ended.is_set() and not self._parted[number].is_set():
                    where = f"process {other} of {len(self._channels) + 1}" if self.index == 0 else f"process {other}"
                    self._fail(LostProcessError(f"{where} has ended or does not answer any more; {KEPT}."))
                return
            if message.kind == "value":
                self._heard[number].put(message)
            elif message.kind == "stop":
                self.asked_to_stop.set()
            elif message.kind == "bye":
                self._parted[number].set()
            elif message.kind in ("failed", "refused"):
                refused = message.kind == "refused"
                self._fail(ValueError(message.value) if refused else LostProcessError(message.value))
                return

    def _fail(self, failure: Exception) -> None:
        """Pass on that a process has ended, and end this one, if possible through its main thread."""
        if self._failed.is_set():
            return
        self._failure = failure
        self._failed.set()
        if self.index == 0:
            self.send("refused" if isinstance(failure, ValueError) else "failed", str(failure))
        for heard in self._heard:
            heard.put(None)
        if not self._noticed.wait(GRACE) and not self._ended.is_set():
            end_process(str(failure), BAD_INPUT if isinstance(failure, ValueError) else WRONG)


def end_process(line: str, status: int = WRONG) -> None:
    """End this process, whatever its main thread waits for, with one line on standard error."""
    say(f"neuralstack: {line}")
    os._exit(status)


def in_one_line(error: BaseException) -> str:
    """Return an error as one line, for another process."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError):
        return text
    return "it was interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {text}"[:500]

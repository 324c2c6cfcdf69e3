"""The process around a command: the one line and the exit status with which it ends if it fails."""

import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from neuralstack._heartbeat import say as print_line
from neuralstack._lookup import UnnamedPartError
from neuralstack.cli._status import BAD_INPUT, BROKEN_PIPE, WRONG
from neuralstack.training import SIGNALS, LostProcessError, status_of_interrupt, stop_within_seconds

INTERRUPTED = "interrupted; to continue training: neuralstack train --resume RUN"
REDELIVERY = 0.1  # seconds after which a lost interrupt is sent again


def ended(command: Callable[[], int]) -> int:
    """Run a command and return its status; an error is reported in one line on standard error."""
    try:
        status = completed(command)
        if sys.stdout is not None:
            sys.stdout.flush()  # so that a full disk or a closed pipe is noticed here, not at exit
        return status
    except KeyboardInterrupt:
        say(INTERRUPTED)
        return status_of_interrupt()
    except BrokenPipeError:  # the reader of the output has closed it
        discard_output()
        return BROKEN_PIPE
    except LostProcessError as error:
        say(str(error))
        return WRONG
    except Exception as error:
        message = explanation(error)
        if message is None:
            raise
        say(message)
        discard_output(only_if_broken=True)
        return BAD_INPUT


def completed(command: Callable[[], int]) -> int:
    """Run a command and return its status, also if it exits, as the help does."""
    try:
        return command()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else BAD_INPUT


def explanation(error: BaseException) -> str | None:
    """Return the line that says what is wrong and how to fix it, or None for a bug in the program.

    Examples:
        >>> explanation(FileNotFoundError(2, "No such file or directory", "nowhere"))
        "cannot use 'nowhere': No such file or directory; name another path"
        >>> explanation(OSError(28, "No space left on device"))
        'cannot write the output: No space left on device'
        >>> explanation(RuntimeError("a mistake of ours"))
    """
    text = " ".join(str(error).split())
    if isinstance(error, UnnamedPartError):
        return f"{error.fact}: add --{error.part} {shlex.quote(error.located)} to allow its code to be executed."
    if isinstance(error, ModuleNotFoundError | ValueError):
        return text
    if isinstance(error, OSError):
        if error.filename is None:
            return f"cannot write the output: {error.strerror or text}"
        return f"cannot use {str(error.filename)!r}: {error.strerror}; name another path"
    if isinstance(error, MemoryError) or re.search("RESOURCE_EXHAUSTED|[Oo]ut of memory", text):
        return "there is not enough memory for this: give smaller sizes, fewer sequences or shorter ones"
    return (
        None
        if devices_are_found()
        else (
            f"JAX finds no device for JAX_PLATFORMS={os.environ['JAX_PLATFORMS']}: unset it, or set JAX_PLATFORMS=cpu"
        )
    )


def devices_are_found() -> bool:
    """Return whether JAX finds a device; True if it is not in use or no platform was requested."""
    if not os.environ.get("JAX_PLATFORMS") or "jax" not in sys.modules:
        return True
    import jax

    try:
        return bool(jax.devices())
    except Exception:  # of several types, including AssertionError
        return False


def is_joined() -> bool:
    """Return whether this process is still joined with others, as it is after an error: JAX would wait for them."""
    if "jax" not in sys.modules:
        return False
    import jax

    return jax.distributed.is_initialized()


def say(message: str) -> None:
    """Print a line on standard error, if it is open."""
    print_line(f"neuralstack: {message}")


def flush_output() -> None:
    """Write pending output, if possible."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def discard_output(*, only_if_broken: bool = False) -> None:
    """Redirect standard output to the null device, so that the process does not try to write it again at exit."""
    with suppress(OSError, ValueError, AttributeError):
        if only_if_broken:
            with suppress(BrokenPipeError, OSError):
                sys.stdout.flush()
                return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Stop the command within seconds of Ctrl-C or SIGTERM, wherever it is.

    Python raises KeyboardInterrupt wherever the program happens to be. In a callback of the garbage collector or in a
    destructor, it would only be reported as an ignored exception: it is sent again. During the import of a module, it
    may surface as another error, or end the process in the middle of compiled code: since nothing can be lost then, the
    process ends at once.
    """

    def on_signal(number, frame):
        if is_importing(frame):
            say(INTERRUPTED)
            os._exit(128 + number)
        raising[number](number, frame)

    def on_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            # To the main thread, so that a call that blocks it is interrupted as well.
            again = threading.Timer(REDELIVERY, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
            again.daemon = True
            again.start()
        else:
            before(unraisable)

    before, sys.unraisablehook = sys.unraisablehook, on_unraisable
    try:
        with stop_within_seconds(f"neuralstack: {INTERRUPTED}"):
            if threading.current_thread() is threading.main_thread():
                raising: dict[int, Any] = {number: signal.signal(number, on_signal) for number in SIGNALS}
            yield
    finally:
        sys.unraisablehook = before


def is_importing(frame: FrameType | None) -> bool:
    """Return whether a frame is inside the import of a module."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False

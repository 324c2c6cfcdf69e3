"""The meeting of the processes before JAX connects them: who is missing, and who differs, is said in one line."""

import socket
import time
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from neuralstack.training._lost import LostProcessError
from neuralstack.training.distributed._messages import Channel
from neuralstack.training.distributed._place import Place

HELLO = 5.0  # seconds that a process has to introduce itself once it is connected
HELLO_FIELDS = {"index", "count", "host", "versions"}
RETRY = 0.2  # seconds between attempts to reach process 0
LINE = 1024  # processes that may wait to be let in
SILENCE = 30.0  # seconds without a sign of life after which a process counts as lost
SAME = "install the same versions on all of them"


def versions() -> dict[str, str]:
    """Return the versions that all processes must have in common."""
    from neuralstack import __version__

    return {"neuralstack": __version__, **{name: version(name) for name in ("jax", "jaxlib", "equinox", "optax")}}


def meet(place: Place, patience: float) -> tuple[list[Channel], int]:
    """Wait for all processes, and return the channels to them and the port for JAX's own coordinator.

    Process 0 has a channel to each of the others, in their order; these have one to process 0.

    Args:
        place: The place of this process.
        patience: Seconds to wait.

    Raises:
        LostProcessError: If a process is missing.
        ValueError: If one has other versions or another idea of how many they are.
    """
    deadline = time.monotonic() + patience
    return _host(place, deadline, patience) if place.process == 0 else _visit(place, deadline, patience)


def _host(place: Place, deadline: float, patience: float) -> tuple[list[Channel], int]:
    """Wait for all other processes."""
    guests: dict[int, Channel] = {}
    with _listener(place) as listener:
        while len(guests) < place.processes - 1:
            listener.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                channel, hello = _let_in(listener)
            except TimeoutError:
                if time.monotonic() < deadline:
                    continue
                missing = [str(index) for index in range(1, place.processes) if index not in guests]
                raise _refused(guests, LostProcessError(_missing(place, missing, patience))) from None
            except (OSError, ValueError):  # something else came to this port
                continue
            problem = _problem(place, guests, hello)
            if problem is not None:
                raise _refused({**guests, -1: channel}, ValueError(problem))
            guests[hello["index"]] = channel
    port = free_port()
    channels = [guests[index] for index in sorted(guests)]
    for channel in channels:
        with suppress(OSError):  # one that has gone in the meantime is noticed by those who watch
            channel.send("welcome", port)
    return channels, port


def _let_in(listener: socket.socket) -> tuple[Channel, dict[str, Any]]:
    """Wait for one process, and return the channel to it and how it introduces itself.

    Raises:
        OSError: If none comes in time, or it goes away.
        ValueError: If what comes is something else.
    """
    channel = Channel(listener.accept()[0], HELLO)
    try:
        hello = channel.receive()
        if hello.kind != "hello" or not isinstance(hello.value, dict) or not hello.value.keys() >= HELLO_FIELDS:
            raise ValueError("this is no message of neuralstack")
    except BaseException:
        channel.discard()
        raise
    channel.expect_within(SILENCE)
    return channel, hello.value


def _listener(place: Place) -> socket.socket:
    try:
        return open_server(place.port)
    except OSError as error:
        raise ValueError(
            f"process 0 cannot wait at port {place.port} for the others ({error.strerror}): give the coordinator "
            "another port, and only one process the number 0."
        ) from None


def _problem(place: Place, guests: dict[int, Channel], hello: dict[str, Any]) -> str | None:
    """Return what is wrong with a process that comes, if anything."""
    index, mine = hello["index"], versions()
    if hello["count"] != place.processes:
        started = f"process {index} was started as one of {hello['count']}, process 0 as one of {place.processes}"
        return f"{started}: give all the same number of processes."
    if index in guests:
        return f"two processes were started as process {index} of {place.processes}: give each a number of its own."
    different = [name for name in mine if hello["versions"].get(name) != mine[name]]
    if different:
        found = ", ".join(f"{name} {hello['versions'].get(name)}, not {mine[name]}" for name in different)
        return f"process {index} on {hello['host']} has {found} as process 0: {SAME}."
    return None


def _refused(guests: dict[int, Channel], error: Exception) -> Exception:
    """Tell those who have come why there is no training."""
    for channel in guests.values():
        with suppress(OSError):
            channel.send("lost" if isinstance(error, LostProcessError) else "refused", str(error))
        channel.discard()
    return error


def _missing(place: Place, missing: list[str], patience: float) -> str:
    who = "process " + missing[0] if len(missing) == 1 else "processes " + ", ".join(missing)
    return (
        f"{who} of {place.processes} did not come to {place.address} within {patience:g} s: start all of them, with a "
        "coordinator that all can reach."
    )


def _visit(place: Place, deadline: float, patience: float) -> tuple[list[Channel], int]:
    """Go to process 0."""
    hello = {"index": place.process, "count": place.processes, "host": socket.gethostname(), "versions": versions()}
    while True:
        try:
            left = max(0.01, deadline - time.monotonic())
            kind, value, channel = _introduce(place, hello, min(left, 5.0), patience + 5)
        except (OSError, ValueError) as error:
            if time.monotonic() >= deadline:
                raise LostProcessError(_unreachable(place, patience, error)) from None
            time.sleep(RETRY)
            continue
        if kind == "welcome":
            channel.expect_within(SILENCE)
            return [channel], value
        channel.discard()
        raise LostProcessError(value) if kind == "lost" else ValueError(value)


def _introduce(place: Place, hello: dict[str, Any], soon: float, silence: float) -> tuple[str, Any, Channel]:
    """Introduce this process to process 0, and return its answer and the channel to it.

    Raises:
        OSError: If it does not answer.
    """
    channel = Channel(socket.create_connection((place.host, place.port), timeout=soon), silence)
    try:
        channel.send("hello", hello)
        kind, value, _ = channel.receive()
    except BaseException:
        channel.discard()
        raise
    return kind, value, channel


def _unreachable(place: Place, patience: float, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"process {place.process} does not reach process 0 at {place.address} within {patience:g} s ({reason}): give "
        "the host on which process 0 runs, and start all processes."
    )


def free_port() -> int:
    """Return a port of this host that nothing uses."""
    with open_server(0) as server:
        return server.getsockname()[1]


def open_server(port: int) -> socket.socket:
    """Return a socket that listens at a port of all addresses of this host."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=LINE, dualstack_ipv6=True)
    return socket.create_server(("", port), backlog=LINE)

"""Messages between processes: a line of JSON, and bytes if it says how many follow."""

import json
import socket
import threading
from contextlib import suppress
from typing import Any, NamedTuple

LONGEST_LINE = 1 << 24  # bytes
LARGEST_CONTENT = 1 << 36


class Message(NamedTuple):
    """A message from one process to another."""

    kind: str
    value: Any = None
    content: bytes = b""
    """Arrays, as `to_bytes` writes them."""

    def pieces(self) -> list[bytes]:
        """Return the pieces of the content, whose sizes the value has."""
        starts = [sum(self.value["sizes"][:number]) for number in range(len(self.value["sizes"]))]
        return [self.content[start : start + size] for start, size in zip(starts, self.value["sizes"], strict=True)]


class Channel:
    """A connection to another process; several threads may send, and one may receive.

    Args:
        connection: The connected socket.
        silence: Seconds without any message after which the other process counts as lost.
    """

    def __init__(self, connection: socket.socket, silence: float):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(silence)
        self._socket, self._file, self._sending = connection, connection.makefile("rb"), threading.Lock()

    def send(self, kind: str, value: Any = None, content: bytes = b"") -> None:
        """Send a message.

        Raises:
            OSError: If the connection is broken.
        """
        line = json.dumps({"kind": kind, "value": value, "size": len(content)}).encode() + b"\n"
        with self._sending:
            self._socket.sendall(line + content)

    def receive(self) -> Message:
        """Return the next message.

        Raises:
            OSError: If the connection is broken or silent.
            ValueError: If what comes is no message.
        """
        line = self._file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the connection was closed")
        try:
            read = json.loads(line)
            kind, value, size = str(read["kind"]), read["value"], int(read["size"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("this is no message of neuralstack") from error
        if not 0 <= size <= LARGEST_CONTENT:
            raise ValueError("this is no message of neuralstack")
        content = self._file.read(size)
        if len(content) < size:
            raise ConnectionResetError("the connection was closed")
        return Message(kind, value, content)

    def expect_within(self, silence: float) -> None:
        """Set the seconds without any message after which the other process counts as lost."""
        self._socket.settimeout(silence)

    def close(self) -> None:
        """Send nothing more; a thread that receives goes on until the other process closes as well."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def discard(self) -> None:
        """Close the connection, if no other thread uses it."""
        with suppress(OSError):
            self._file.close()
        self._socket.close()

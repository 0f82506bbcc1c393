"""Find which ports of the loopback interface are free, taken, or answered by which server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST: Final = "127.0.0.1"
_ANSWER_TIMEOUT_S: Final = 1.0


def free_port() -> int:
    """Return a TCP port that was free a moment ago; anyone may have taken it since."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Return whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(_ANSWER_TIMEOUT_S)
        return probe.connect_ex((HOST, port)) == 0


def answering_pid(port: int) -> int | None:
    """Return the process id of the server that answers PING on this port, if one does.

    The id proves that the server is ours: someone else's may have taken the port first.
    """
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_TIMEOUT_S) as connection:
            connection.sendall(b"PING\r\nINFO server\r\n")
            with connection.makefile("rb") as answer:
                return _process_id(answer)
    except OSError:
        return None


def _process_id(answer: Iterable[bytes]) -> int | None:
    for line in answer:
        if line.startswith(b"-"):  # it is still loading the append-only file
            return None
        if line.startswith(b"process_id:"):
            return int(line.removeprefix(b"process_id:"))
    return None

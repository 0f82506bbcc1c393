"""The values that pass between the HTTP server and the simulator: one head in, one reply out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

JSON: Final = "application/json"
HTML: Final = "text/html"


class Ending(StrEnum):
    """How the connection ends once a reply is due."""

    SEND = "send"
    HANG = "hang"
    RESET = "reset"
    TRUNCATE = "truncate"


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body is read.

    Attributes:
        target: path with its query, as received.
        token: value of the ``Access-Token`` header, ``None`` without one.
        length_bytes: the ``Content-Length``, ``None`` without one.
        from_loopback: whether the peer is on this machine.
    """

    method: str
    target: str
    token: str | None = field(default=None, repr=False)
    content_type: str = JSON
    length_bytes: int | None = None
    from_loopback: bool = True

    @property
    def path(self) -> str:
        """Return the target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server has to do with a request.

    Attributes:
        delay_s: seconds to wait before anything else.
        hang_s: with ``Ending.HANG``: seconds after which the connection is closed.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    ending: Ending = Ending.SEND
    hang_s: float = 0.0


class Application(Protocol):
    """The object that the server asks about each request."""

    def before_reading(self, head: Head) -> Reply | None:
        """Return a reply that makes reading the body unnecessary, else ``None``."""

    def answer(self, head: Head, body: bytes) -> Reply:
        """Return the reply to a request that was read whole."""

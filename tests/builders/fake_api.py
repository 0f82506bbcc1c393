"""A fake of the Events API that knows nothing of the project: not its schemas, not its sandbox.

It answers what a test tells it to, and keeps every request as it came.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders.loopback_server import Handler, LoopbackServer


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        number: 0, 1, … in the order of arrival.
        at: when its body had been read, seconds of the monotonic clock.
        path: of the request line.
        headers: names in lower case.
        body: bytes.
        document: the body, decoded.
    """

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    document: Any = field(repr=False)

    @property
    def source_id(self) -> Any:
        """The event source id that it was for."""
        return self.document["event_source_id"]

    @property
    def ids(self) -> list[Any]:
        """The ids of the events it carried, in their order."""
        return [event["event_id"] for event in self.document["data"]]


Reply = tuple[int, Mapping[str, str], Any]
"""HTTP status, headers, and the body: bytes, or anything JSON can express."""

Script = Callable[[Request], Reply]
"""Answers a request; a ConnectionResetError that it raises resets the connection."""


def yes(request: Request) -> Reply:
    """Accept everything."""
    answer = {"code": 0, "message": "OK", "request_id": f"fake-{request.number}", "data": {}}
    return 200, {}, answer


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._answer(*self.server_of_test.reply(self.path, headers, body))
        except ConnectionResetError:
            self._reset()
        except BrokenPipeError:
            self.close_connection = True  # the worker was killed meanwhile

    def _answer(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.respond(status, content, headers)

    def _reset(self) -> None:
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.connection.close()  # before the server would end it politely
        self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionResetError:
            self.close_connection = True  # the worker was killed while it was idle


class FakeApi(LoopbackServer):
    """Answers in the place of the Events API.

    Attributes:
        answers: event_source_id → what answers its requests; `yes` answers the others.
        latency_s: how long every answer takes.
    """

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Script] = {}
        self.latency_s = 0.0
        self._requests: list[Request] = []
        self._accepted: list[Request] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def requests(self, source_id: str | None = None) -> list[Request]:
        """The requests that came, in order; of one event source or of all."""
        with self._lock:
            return [r for r in self._requests if source_id in {None, r.source_id}]

    def accepted(self, source_id: str | None = None) -> list[Request]:
        """The requests that were answered with code 0."""
        with self._lock:
            return [r for r in self._accepted if source_id in {None, r.source_id}]

    def accepted_ids(self) -> list[str]:
        """Ids of the events that were accepted, in order, repeats included."""
        return [event_id for request in self.accepted() for event_id in request.ids]

    def reply(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep a request and answer it as the test wants."""
        now, document = time.monotonic(), json.loads(body)
        time.sleep(self.latency_s)
        with self._lock:
            request = Request(len(self._requests), now, path, headers, body, document)
            self._requests.append(request)
            reply = self.answers.get(request.source_id, yes)(request)
            if isinstance(reply[2], dict) and reply[2].get("code") == 0:
                self._accepted.append(request)
            return reply

"""A tiny cheap HTTP server in the place of the Events API: it says yes, and judges afterwards.

It shares the cores with what is measured, so a request costs it little: the body is kept as it is,
with the time of its acceptance. Bodies are decoded when somebody asks for more than progress.

Run by the benchmark in a process of its own. The first line on standard output is
``READY <url>``. It answers ``GET`` with JSON:

    /progress    events (counted by their mark, not decoded), requests, last_at
    /count       events, distinct, requests, last_at
    /arrivals    every request in order: when its events were accepted, and how many
    /acceptances the id of every event, and when it was accepted first

``last_at`` and all times are seconds of the system's monotonic clock, which all processes share.
Distinct are events by source id, name and event id.

With ``--trouble`` requests of one source id hang, are refused or throttled, and do not count.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import orjson

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
MARK = b'"event_id"'
"""Once in every event, and never within a string: there its quotes would be escaped."""

FIRST_BYTES = 1 << 16


def response(document: Any) -> bytes:
    """Return a response that keeps the connection open."""
    body = orjson.dumps(document)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + HEAD_END + body


SAID_YES = response(
    {"code": 0, "message": "OK", "request_id": "20261122000000SINK", "data": {}},
)
TROUBLES = {
    "none": SAID_YES,
    "parked": response({"code": 40001, "message": "No permission for this pixel."}),
    "throttled": response({"code": 40100, "message": "Too many requests."}),
    "hanging": None,
}


def identities(body: bytes) -> list[tuple[str, str, str]]:
    """Return source id, name and event id of every event of a request.

    The body is the API's 2.0 (``data``), or one of its older forms: ``batch``, or an event alone.
    """
    request = orjson.loads(body)
    source_id = request.get("event_source_id") or request["pixel_code"]
    events: list[dict[str, Any]] = request.get("data") or request.get("batch") or [request]
    return [(source_id, event["event"], event["event_id"]) for event in events]


class Sink:
    """Decides what is answered, and keeps what arrived; decodes it when somebody asks.

    Args:
        latency_s: passes before each answer to a POST.
        trouble: what the source of ``source_id`` meets, one of ``TROUBLES``.
        source_id: the event source in trouble, if any.
    """

    def __init__(self, latency_s: float, trouble: str, source_id: str) -> None:
        self.latency_s = latency_s
        self.trouble = TROUBLES[trouble]
        self.troubled = source_id.encode()
        self.requests = self.marked = self.events = 0
        self.last_at = 0.0
        self.unread: list[tuple[float, bytes]] = []
        self.seen: set[tuple[str, str, str]] = set()
        self.first_at: dict[str, float] = {}
        self.arrivals: list[tuple[float, int]] = []

    def accept(self, body: bytes) -> bytes | None:
        """Keep a request, and return the response; ``None`` if there is none, ever."""
        if self.troubled and self.troubled in body:
            return self.trouble
        self.requests += 1
        self.marked += body.count(MARK)
        self.last_at = time.monotonic()
        self.unread.append((self.last_at, body))
        return SAID_YES

    def judge(self) -> None:
        """Decode what was not decoded yet."""
        for at, body in self.unread:
            found = identities(body)
            self.events += len(found)
            self.seen.update(found)
            self.arrivals.append((at, len(found)))
            for _, _, event_id in found:
                self.first_at.setdefault(event_id, at)
        self.unread.clear()

    def figures(self, path: bytes) -> Any:
        """Return the answer to a ``GET``."""
        counts = {"requests": self.requests, "last_at": self.last_at}
        if path == b"/progress":
            return {"events": self.marked, **counts}
        self.judge()
        if path == b"/arrivals":
            return self.arrivals
        if path == b"/acceptances":
            return self.first_at
        return {"events": self.events, "distinct": len(self.seen), **counts}


def content_length(head: bytes | bytearray) -> int:
    """Return how many bytes follow the head of a request."""
    _, found, rest = head.lower().partition(LENGTH)
    return int(rest.partition(b"\r\n")[0]) if found else 0


class Connection(asyncio.BufferedProtocol):
    """One connection: a request, its response, and the next.

    The bytes go from the socket to where the body is read, without a copy between.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = bytearray(FIRST_BYTES)
        self.filled = self.body_at = self.wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what the responses go to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, _size: int) -> memoryview:
        """Return where the next bytes go."""
        return memoryview(self.buffer)[self.filled :]

    def buffer_updated(self, size: int) -> None:
        """Answer once the request is whole."""
        self.filled += size
        if not self.wanted:
            self.read_head()
        if self.wanted and self.filled >= self.wanted:
            self.respond()

    def read_head(self) -> None:
        """Learn how long the request is, once its head is there, and make room for it."""
        end = self.buffer.find(HEAD_END, 0, self.filled)
        if end < 0:
            return
        self.body_at = end + len(HEAD_END)
        self.wanted = self.body_at + content_length(self.buffer[:end])
        if self.wanted > len(self.buffer):
            arrived = self.buffer[: self.filled]
            self.buffer = bytearray(self.wanted)
            self.buffer[: self.filled] = arrived

    def respond(self) -> None:
        """Answer a whole request, after the latency if it is a POST."""
        with memoryview(self.buffer) as view:
            head, body = bytes(view[: self.body_at]), bytes(view[self.body_at : self.wanted])
        self.filled = self.wanted = 0
        if head.startswith(b"GET "):
            self.transport.write(response(self.sink.figures(head.split(b" ", 2)[1])))
        elif self.sink.latency_s:
            asyncio.get_running_loop().call_later(self.sink.latency_s, self.accept, body)
        else:
            self.accept(body)

    def accept(self, body: bytes) -> None:
        """Let the sink have the request, and send what it says."""
        answer = self.sink.accept(body)
        if answer is not None:
            self.transport.write(answer)


async def serve(sink: Sink) -> None:
    """Listen on a port that the system chooses, until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"READY http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="count events and say yes")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--trouble", choices=TROUBLES, default="none")
    parser.add_argument("--source-id", default="", help="the event source in trouble")
    given = parser.parse_args()
    asyncio.run(serve(Sink(given.latency_ms / 1_000, given.trouble, given.source_id)))

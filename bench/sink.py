"""A tiny fast HTTP server in the place of the Events API: it says yes and counts.

Run by the benchmark in a process of its own. The first line on standard output is
``READY <url>``. ``GET /count`` answers with the figures since the start:
``events``, ``distinct`` (by source id, name and event id), ``requests``, and ``last_at`` (when the
last event was accepted, seconds of the system's monotonic clock, which all processes share).
``GET /arrivals`` answers with every request in order: when its events were accepted, and how many.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import orjson

HEAD_END = b"\r\n\r\n"
YES = {"code": 0, "message": "OK", "request_id": "20261122000000SINK", "data": {}}


@dataclass
class Figures:
    """What arrived."""

    requests: int = 0
    events: int = 0
    last_at: float = 0.0
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def add(self, body: bytes) -> None:
        """Count the events of a request."""
        request = orjson.loads(body)
        source_id, data = request["event_source_id"], request["data"]
        self.requests += 1
        self.events += len(data)
        self.seen.update((source_id, event["event"], event["event_id"]) for event in data)
        self.last_at = time.monotonic()
        self.arrivals.append((self.last_at, len(data)))

    def as_json(self) -> dict[str, Any]:
        """Return the answer to ``GET /count``."""
        return {
            "requests": self.requests,
            "events": self.events,
            "distinct": len(self.seen),
            "last_at": self.last_at,
        }


def content_length(head: bytes) -> int:
    """Return how many bytes follow the head of a request."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def answer(document: Any) -> bytes:
    """Return a response that keeps the connection open."""
    body = orjson.dumps(document)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + HEAD_END + body


class Sink:
    """Serves connections; ``latency_s`` passes before each answer to a POST."""

    def __init__(self, latency_s: float) -> None:
        self.figures = Figures()
        self.latency_s = latency_s

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until the other side closes it."""
        try:
            while True:
                writer.write(await self.respond(reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def respond(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request and return the response."""
        head = await reader.readuntil(HEAD_END)
        if head.startswith(b"GET /arrivals "):
            return answer(self.figures.arrivals)
        if head.startswith(b"GET "):
            return answer(self.figures.as_json())
        body = await reader.readexactly(content_length(head))
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        self.figures.add(body)
        return answer(YES)


async def main(latency_s: float) -> None:
    """Listen on a port that the system chooses, until the process is ended."""
    sink = Sink(latency_s)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=1 << 22)
    port = server.sockets[0].getsockname()[1]
    print(f"READY http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="count events and say yes")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    asyncio.run(main(parser.parse_args().latency_ms / 1_000))

"""The sink with trouble for one event source: its requests hang, or are refused or throttled.

What it counts is the others', with trouble or without. Otherwise as ``sink.py``.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from sink import HEAD_END, YES, Sink, answer, content_length

if TYPE_CHECKING:
    from collections.abc import Callable

FOR_EVER_S = 86_400


async def accept() -> dict[str, Any]:
    """Make no trouble."""
    return YES


async def park() -> dict[str, Any]:
    """Refuse the token."""
    return {"code": 40001, "message": "No permission for this pixel."}


async def throttle() -> dict[str, Any]:
    """Ask for fewer requests."""
    return {"code": 40100, "message": "Too many requests."}


async def hang() -> dict[str, Any]:
    """Give no answer."""
    await asyncio.sleep(FOR_EVER_S)
    return YES


TROUBLES: dict[str, Callable[[], Any]] = {
    "none": accept,
    "parked": park,
    "throttled": throttle,
    "hanging": hang,
}


class TroubledSink(Sink):
    """Says yes to all sources but one."""

    def __init__(self, latency_s: float, trouble: str, source_id: str) -> None:
        super().__init__(latency_s)
        self.trouble = TROUBLES[trouble]
        self.mark = source_id.encode()

    async def respond(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request and return the response."""
        head = await reader.readuntil(HEAD_END)
        if head.startswith(b"GET "):
            return answer(self.figures.as_json())
        body = await reader.readexactly(content_length(head))
        await asyncio.sleep(self.latency_s)
        if self.mark in body:
            return answer(await self.trouble())
        self.figures.add(body)
        return answer(YES)


async def main(sink: TroubledSink) -> None:
    """Listen on a port that the system chooses, until the process is ended."""
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=1 << 22)
    port = server.sockets[0].getsockname()[1]
    print(f"READY http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="make trouble for one event source")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--trouble", choices=TROUBLES, required=True)
    parser.add_argument("--source-id", required=True)
    given = parser.parse_args()
    asyncio.run(main(TroubledSink(given.latency_ms / 1_000, given.trouble, given.source_id)))

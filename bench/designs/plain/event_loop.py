"""How the usual designs post and enqueue in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from bench.designs.plain.api import CONNECT_TIMEOUT_S, HEADERS, READ_TIMEOUT_S, TRACK_URL, check
from bench.designs.plain.event import request_body

TIMEOUT = ClientTimeout(connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S)


def session() -> ClientSession:
    """Return a new session; each process makes one when it starts."""
    return ClientSession(headers=HEADERS, timeout=TIMEOUT)


async def post(session: ClientSession, event: dict[str, Any]) -> None:
    """Hash, validate and send one event.

    Raises:
        RefusedError: the API refused it.
        aiohttp.ClientError: it gave no answer.
    """
    async with session.post(TRACK_URL, json=request_body(event)) as answer:
        check(await answer.json())


class Queue:
    """Enqueues from code that has no event loop; one runs here while it is needed.

    Args:
        connect: makes the connection, and returns what enqueues one event.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Callable[[dict[str, Any]], Awaitable[object]]]]
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.connect = connect
        self.enqueue_one: Callable[[dict[str, Any]], Awaitable[object]] | None = None

    async def send(self, events: list[dict[str, Any]]) -> None:
        """One job per event."""
        self.enqueue_one = self.enqueue_one or await self.connect()
        for event in events:
            await self.enqueue_one(event)

    def enqueue(self, events: list[dict[str, Any]]) -> None:
        """One job per event, for code without an event loop."""
        self.loop.run_until_complete(self.send(events))

"""taskiq on a Redis stream, whose messages are acknowledged: one message and request per event."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from plain_api import (
    CONNECT_TIMEOUT_S,
    HEADERS,
    MAX_RETRIES,
    READ_TIMEOUT_S,
    REDIS_URL,
    TRACK_URL,
    check,
)
from plain_event import request_body
from taskiq import SmartRetryMiddleware, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

TIMEOUT = ClientTimeout(connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S)

broker = RedisStreamBroker(url=REDIS_URL).with_middlewares(
    SmartRetryMiddleware(default_retry_count=MAX_RETRIES, use_jitter=True)
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def start(state: TaskiqState) -> None:
    """Make the session of this process."""
    state.session = ClientSession(headers=HEADERS, timeout=TIMEOUT)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def end(state: TaskiqState) -> None:
    """Close it."""
    await state.session.close()


@broker.task(retry_on_error=True)
async def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    async with broker.state.session.post(TRACK_URL, json=request_body(event)) as answer:
        check(await answer.json())


class Queue:
    """Enqueues from code that has no event loop; one runs here while it is needed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.ready = False

    async def enqueue(self, events: list[dict[str, Any]]) -> None:
        """One message per event."""
        if not self.ready:
            await broker.startup()
            self.ready = True
        for event in events:
            await send.kiq(event)


queue = Queue()


def enqueue(events: list[dict[str, Any]]) -> None:
    """One message per event."""
    queue.loop.run_until_complete(queue.enqueue(events))

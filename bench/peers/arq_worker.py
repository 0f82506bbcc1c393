"""arq: one job and one request per event, many at a time in the event loop of each process.

A process starts at most ``5 * max_jobs`` jobs each time it looks, and by default it looks twice a
second and runs ten: with those it is the slowest of all, so both are raised. Results are not kept,
and the log, in which arq writes the arguments of every job, is for warnings only.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from arq import Retry, create_pool
from arq.connections import RedisSettings
from plain_api import (
    CONNECT_TIMEOUT_S,
    HEADERS,
    MAX_RETRIES,
    READ_TIMEOUT_S,
    REDIS_URL,
    TRACK_URL,
    RefusedError,
    check,
)
from plain_event import request_body

SETTINGS = RedisSettings.from_dsn(REDIS_URL)
TIMEOUT = ClientTimeout(connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S)
BACK_OFF_S = 2
MAX_JOBS = 100
LOOK_S = 0.05
QUIET = {"version": 1, "loggers": {"arq": {"level": "WARNING"}}}


async def send(context: dict[str, Any], event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    try:
        async with context["session"].post(TRACK_URL, json=request_body(event)) as answer:
            check(await answer.json())
    except (OSError, TimeoutError, RefusedError) as error:
        raise Retry(defer=BACK_OFF_S ** context["job_try"]) from error


async def start(context: dict[str, Any]) -> None:
    """Make the session of this process."""
    context["session"] = ClientSession(headers=HEADERS, timeout=TIMEOUT)


async def end(context: dict[str, Any]) -> None:
    """Close it."""
    await context["session"].close()


class WorkerSettings:
    """What arq reads."""

    functions = (send,)
    redis_settings = SETTINGS
    on_startup = start
    on_shutdown = end
    max_tries = MAX_RETRIES + 1
    max_jobs = MAX_JOBS
    poll_delay = LOOK_S
    keep_result = 0


class Queue:
    """Enqueues from code that has no event loop; one runs here while it is needed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.pool: Any = None

    async def enqueue(self, events: list[dict[str, Any]]) -> None:
        """One job per event."""
        self.pool = self.pool or await create_pool(SETTINGS)
        for event in events:
            await self.pool.enqueue_job("send", event)


queue = Queue()


def enqueue(events: list[dict[str, Any]]) -> None:
    """One job per event."""
    queue.loop.run_until_complete(queue.enqueue(events))

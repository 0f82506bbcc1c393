"""arq: one job and one request per event, many at a time in the event loop of each process.

A process starts at most ``5 * max_jobs`` jobs each time it looks, and by default it looks twice a
second and runs ten: with those it is the slowest of all, so both are raised. Results are not kept,
and the log, in which arq writes the arguments of every job, is for warnings only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from arq import Retry, create_pool
from arq.connections import RedisSettings

from bench.designs.plain.api import MAX_RETRIES, REDIS_URL, RefusedError
from bench.designs.plain.event_loop import Queue, post, session

SETTINGS = RedisSettings.from_dsn(REDIS_URL)
BACK_OFF_S = 2
QUIET = {"version": 1, "loggers": {"arq": {"level": "WARNING"}}}


async def send(context: dict[str, Any], event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    try:
        await post(context["session"], event)
    except (OSError, TimeoutError, RefusedError) as error:
        raise Retry(defer=BACK_OFF_S ** context["job_try"]) from error


async def start(context: dict[str, Any]) -> None:
    """Make the session of this process."""
    context["session"] = session()


async def end(context: dict[str, Any]) -> None:
    """Close the connection."""
    await context["session"].close()


class WorkerSettings:
    """What arq reads."""

    functions = (send,)
    redis_settings = SETTINGS
    on_startup = start
    on_shutdown = end
    max_tries = MAX_RETRIES + 1
    max_jobs = 100
    poll_delay = 0.05
    keep_result = 0


async def connect() -> Callable[[dict[str, Any]], Awaitable[object]]:
    """Return what enqueues one event."""
    pool = await create_pool(SETTINGS)
    return lambda event: pool.enqueue_job("send", event)


enqueue = Queue(connect).enqueue

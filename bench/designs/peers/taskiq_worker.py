"""taskiq on a Redis stream, whose messages are acknowledged: one message and request per event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from taskiq import SmartRetryMiddleware, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from bench.designs.plain.api import MAX_RETRIES, REDIS_URL
from bench.designs.plain.event_loop import Queue, post, session

broker = RedisStreamBroker(url=REDIS_URL).with_middlewares(
    SmartRetryMiddleware(default_retry_count=MAX_RETRIES, use_jitter=True)
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def start(state: TaskiqState) -> None:
    """Make the session of this process."""
    state.session = session()


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def end(state: TaskiqState) -> None:
    """Close the broker."""
    await state.session.close()


@broker.task(retry_on_error=True)
async def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    await post(broker.state.session, event)


async def connect() -> Callable[[dict[str, Any]], Awaitable[object]]:
    """Return what enqueues one event."""
    await broker.startup()
    enqueue_one: Callable[[dict[str, Any]], Awaitable[object]] = send.kiq
    return enqueue_one


enqueue = Queue(connect).enqueue

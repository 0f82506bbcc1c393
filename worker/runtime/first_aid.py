"""What cannot wait until Celery has started.

Celery's transport writes before it reads, so on a full server it cannot start; and only a
worker that starts can make room. So this process serves by itself until there is some.
And what people took back while no worker ran must be gone before the first event is delivered.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from worker.operations.withdrawals import Withdrawals
from worker.reporting.log import Log
from worker.runtime.engine import Engine, connect
from worker.runtime.shutdown import stopping
from worker.settings import Settings

log = Log("tiktok_events.first_aid")

NEEDED_BYTES: Final = 4 * 1024 * 1024
"""What Celery's connections and bookkeeping take at a start, generously."""

SHARE: Final = 4
"""A small server is full when the last quarter is begun, whatever Celery may need."""


def make_room(settings: Settings) -> None:
    """Deliver in this process for as long as the server is full and delivering frees memory.

    Returns at once when the server is not full or cannot be reached; and also when
    nothing can be delivered, because then a person must give it memory.
    """
    with connect(settings) as store, suppress(RedisError):  # Celery waits for one that is away
        if _is_full(store.redis):
            memory = store.redis.info("memory")
            used, limit = int(memory["used_memory"]), int(memory["maxmemory"])
            log.warning("redis_is_full", size_bytes=used, limit_bytes=limit)
            _deliver_until_there_is_room(store.redis, settings)


def take_back(settings: Settings) -> None:
    """Erase the events of all who withdrew consent while no worker ran."""
    with connect(settings) as store, suppress(RedisError):  # workers look again every second
        Withdrawals(store, lease_s=settings.lease_s).run()


def _deliver_until_there_is_room(redis: Redis, settings: Settings) -> None:
    engine = Engine(settings)
    try:
        used = _used(redis) + 1
        while _is_full(redis) and _used(redis) < used and not stopping():
            used = _used(redis)
            engine.drain()
    finally:
        engine.close()


def _is_full(redis: Redis) -> bool:
    memory = redis.info("memory")
    limit = int(memory["maxmemory"])
    return bool(limit) and limit - int(memory["used_memory"]) < min(NEEDED_BYTES, limit // SHARE)


def _used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])

"""What was counted."""

from __future__ import annotations

from typing import cast

from redis import Redis

from tiktok_events.outbox import keys


def counters(redis: Redis) -> dict[str, int]:
    """All counters, since the database was empty; `redis` answers in bytes."""
    counted = cast("dict[bytes, bytes]", redis.hgetall(keys.COUNTERS))
    return {name.decode(): int(value) for name, value in counted.items()}

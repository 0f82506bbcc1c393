"""What was counted."""

from __future__ import annotations

from typing import cast

from redis import Redis

from tests.builders.stores import keys


def counters(redis: Redis) -> dict[str, int]:
    """All counters, since the database was empty; `redis` answers in bytes."""
    counted = cast("dict[bytes, bytes]", redis.hgetall(keys.counters))
    return {name.decode(): int(value) for name, value in counted.items()}

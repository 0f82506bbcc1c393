"""What waits in an outbox, as it is stored."""

from __future__ import annotations

from typing import Any

import orjson
from redis import Redis

from tests.builders.stores import keys


def events_waiting(redis: Redis, destination: str) -> list[dict[str, Any]]:
    """The events of a destination, in their order; its blocks are not packed.

    Args:
        redis: a client of bytes.
        destination: its key, such as ``web:C0PIXEL``.
    """
    blocks: Any = redis.xrange(keys.outbox(destination))
    return [event for _, block in blocks for event in orjson.loads(block[b"b"])]


def ids_waiting(redis: Redis, destination: str) -> list[str]:
    """Their ids, in the order of the events."""
    return [event["event_id"] for event in events_waiting(redis, destination)]

"""Leases that end, as if their time had passed."""

from __future__ import annotations

from typing import Any

from redis import Redis

from tests.builders.stores import keys
from tiktok_events.outbox.keys import GROUP


def expire_leases(
    redis: Redis, destination: str, *, idle_ms: int, consumer: str | None = None
) -> None:
    """As if the claims on a destination were so old, and nobody had looked since.

    Args:
        redis: with an outbox of the destination, or none.
        destination: its key.
        idle_ms: how old they become.
        consumer: whose claims; everybody's by default.
    """
    stream = keys.outbox(destination)
    if not redis.exists(stream) or not redis.xinfo_groups(stream):
        return
    claims: Any = redis.xpending_range(stream, GROUP, "-", "+", 10_000, consumer)
    for claim in claims:
        redis.xclaim(
            stream,
            GROUP,
            claim["consumer"],
            0,
            [claim["message_id"]],
            idle=idle_ms,
            retrycount=claim["times_delivered"],
            justid=True,
        )
    redis.hdel(keys.state(destination), "stale_check")

"""What the figures are made of, asked of the server in one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import ResponseError

from tiktok_events.outbox import keys
from worker.reporting.outage import is_outage
from worker.reporting.stored import Fields, text_of

SCAN_COUNT: Final = 1_000
STATE_FIELDS: Final = ("waiting", "failures", "not_before", "parked", "parked_at")
_PLACES: Final = (
    *("TIME", keys.COUNTERS, keys.DEAD, keys.READY, keys.DELAYED, keys.DELAYED),
    *(keys.PARKED, keys.CLOCKS, keys.SALVAGED),
)
_NOTHING: Final[tuple[Any, ...]] = ((), {}, 0, [], 0, [], [], {}, {})
"""The replies that replace those of keys of another type."""


def find_destinations(redis: Redis) -> list[str]:
    """Those that have a state: a parked one is not in `ready`."""
    prefix = keys.state("")
    found = redis.scan_iter(match=f"{prefix}*", count=SCAN_COUNT)
    return sorted({text_of(cast("bytes", key)).removeprefix(prefix) for key in found})


def answers(redis: Redis, names: Sequence[str], fields: Fields) -> list[Any]:
    """Ask for time, counters, dead, ready, delayed, next release, parked, clocks, salvaged, states.

    In one moment; a full Redis 7.0 refuses that, so there one after the other. Instead of a key
    of another type there is nothing, and its name in `fields`.
    """
    try:
        replies = _asked(redis, names, together=True)
    except ResponseError as error:
        if not is_outage(error):
            raise
        replies = _asked(redis, names, together=False)
    places = (*_PLACES, *map(keys.state, names))
    return list(map(fields.reply, places, replies, (*_NOTHING, *([()] * len(names)))))


def _asked(redis: Redis, names: Sequence[str], *, together: bool) -> list[Any]:
    with redis.pipeline(transaction=together) as pipeline:
        pipeline.time()
        pipeline.hgetall(keys.COUNTERS)
        pipeline.hlen(keys.DEAD)
        pipeline.zrange(keys.READY, 0, -1, withscores=True)
        pipeline.zcard(keys.DELAYED)
        pipeline.zrange(keys.DELAYED, 0, 0, withscores=True)
        pipeline.hkeys(keys.PARKED)
        pipeline.hgetall(keys.CLOCKS)
        pipeline.hgetall(keys.SALVAGED)
        for name in names:
            pipeline.hmget(keys.state(name), STATE_FIELDS)
        return list(pipeline.execute(raise_on_error=False))

"""Read what the figures are made of from the server, in one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from redis.exceptions import ResponseError

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.store import Store
from worker.reporting.outage import is_outage
from worker.reporting.stored import Fields, text_of

SCAN_COUNT: Final = 1_000
STATE_FIELDS: Final = ("waiting", "failures", "not_before", "parked", "parked_at")
_STATE: Final = ":state:"
_NOTHING: Final[tuple[Any, ...]] = ((), {}, 0, [], 0, [], [], {}, {})
"""The replies that replace those of keys of another type."""


def find_destinations(store: Store) -> dict[Keys, list[str]]:
    """Return each shard's destinations that have a state: a parked one is not in `ready`."""
    shards = store.at_hand
    names: dict[str, list[str]] = {keys.state(""): [] for keys in shards}
    pattern = f"{store.shards.namespace}:{{*}}{_STATE}*"
    for key in store.redis.scan_iter(match=pattern, count=SCAN_COUNT):
        place, _, name = text_of(cast("bytes", key)).partition(_STATE)
        names.get(place + _STATE, []).append(name)
    return {keys: sorted(set(names[keys.state("")])) for keys in shards}


def answers(store: Store, keys: Keys, names: Sequence[str], fields: Fields) -> list[Any]:
    """Ask for time, counters, dead, ready, delayed, next release, parked, clocks, salvaged, states.

    A shard is read in one moment; a full Redis 7.0 refuses that, so there they are read one after
    the other. A key of another type is read as nothing, and named in `fields`.
    """
    try:
        replies = _asked(store, keys, names, together=True)
    except ResponseError as error:
        if not is_outage(error):
            raise
        replies = _asked(store, keys, names, together=False)
    places = (
        *("TIME", keys.counters, keys.dead, keys.ready, keys.delayed, keys.delayed),
        *(keys.parked, keys.clocks, keys.salvaged, *map(keys.state, names)),
    )
    return list(map(fields.reply, places, replies, (*_NOTHING, *([()] * len(names)))))


def _asked(store: Store, keys: Keys, names: Sequence[str], *, together: bool) -> list[Any]:
    with store.redis.pipeline(transaction=together) as pipeline:
        pipeline.time()
        pipeline.hgetall(keys.counters)
        pipeline.hlen(keys.dead)
        pipeline.zrange(keys.ready, 0, -1, withscores=True)
        pipeline.zcard(keys.delayed)
        pipeline.zrange(keys.delayed, 0, 0, withscores=True)
        pipeline.hkeys(keys.parked)
        pipeline.hgetall(keys.clocks)
        pipeline.hgetall(keys.salvaged)
        for name in names:
            pipeline.hmget(keys.state(name), STATE_FIELDS)
        return list(pipeline.execute(raise_on_error=False))

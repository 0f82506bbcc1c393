"""Figures as settlements and producers count them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

import orjson
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events.outbox.store import Store
from worker.reporting.figures.cell import Cell, add, summed
from worker.reporting.figures.folding import Folding
from worker.reporting.figures.names import ANY
from worker.reporting.figures.period import Period
from worker.reporting.figures.reading import read
from worker.reporting.figures.totals import read_totals

_KEPT_BY_HOUR: Final = re.compile(
    r"accepted$|delivered$|requests$|dead:|salvaged:|junk$|left_out:|read_as:"
).match
_SCRAPED: Final = re.compile(r"(accepted|delivered|requests|dead:.*)$").match

HOUR: Final = Period.at("h", 4_000_000_000)
"""Far ahead, so that the server does not end its cells while a test runs."""

SHOP: Final = "web:C0EXAMPLE0PIXEL0CODE"
PURCHASES: Final[Cell] = {"Purchase": {"delivered": 3, "value:EUR": 30_000}, "": {"requests": 1}}


def settled(
    redis: Redis, cell: Mapping[str, Mapping[str, int]], *, to: str = SHOP, hour: Period = HOUR
) -> None:
    """What a settlement adds to the journal."""
    redis.rpush(keys.journal, orjson.dumps([hour.number, to, cell]))


def accepted(
    redis: Redis, number: int, event: str = "Purchase", *, to: str = SHOP, hour: Period = HOUR
) -> None:
    """What an append counts."""
    redis.hincrby(keys.accepted_of(to), f"{hour.number} {event}", number)
    redis.zadd(keys.accepted, {to: 1}, nx=True)


def folding(redis: Redis) -> Folding:
    """A folder of the only shard."""
    return Folding(store_of(redis), keys)


def figures_off(store: Store) -> dict[str, tuple[int, int]]:
    """Counters from which the sums over hours, or over all destinations, differ: name → both."""
    counters: dict[str, int] = {}
    for shard in store.shards:
        add({"": counters}, {"": hash_of_numbers(store.redis, shard.counters)})
    rows = read(store, 0, 5e9, destination=ANY)
    hours = summed({f"{row.at} {row.event}": row.figures for row in rows})
    known = {name for name in {*counters, *hours} if _KEPT_BY_HOUR(name)}
    both = {name: (counters.get(name, 0), hours.get(name, 0)) for name in known}
    for shard in store.shards:
        Folding(store, shard).run(lambda: True)
    totals = summed(read_totals(store))
    scraped = {name for name in known if _SCRAPED(name)}
    both |= {f"total of {name}": (counters.get(name, 0), totals.get(name, 0)) for name in scraped}
    return {name: two for name, two in both.items() if two[0] != two[1]}


def hash_of_numbers(redis: Redis, key: str) -> dict[str, int]:
    """A hash of counters."""
    found = cast("dict[bytes, bytes]", redis.hgetall(key))
    return {name.decode(): int(number) for name, number in found.items()}


def fold_all(redis: Redis) -> None:
    """Leave nothing that is not in a cell."""
    folding(redis).run(lambda: True)


def total(redis: Redis, destination: str | None = SHOP, by: str = "hour") -> Cell:
    """The sum of all that was ever counted."""
    cell: Cell = {}
    for row in read(
        store_of(redis), 0, 5e9, by="day" if by == "day" else "hour", destination=destination
    ):
        add(cell, {row.event: row.figures})
    return cell

"""Figures as settlements and producers count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from redis import Redis

from tests.builders.stores import keys, store_of
from worker.reporting.figures.cell import Cell, add
from worker.reporting.figures.folding import Folding
from worker.reporting.figures.period import Period
from worker.reporting.figures.reading import read

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


def total(redis: Redis, destination: str | None = SHOP, by: str = "hour") -> Cell:
    """The sum of all that was ever counted."""
    cell: Cell = {}
    for row in read(
        store_of(redis), 0, 5e9, by="day" if by == "day" else "hour", destination=destination
    ):
        add(cell, {row.event: row.figures})
    return cell

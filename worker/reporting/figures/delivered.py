"""What delivered events add to the figures of the hour.

Events of one settlement differ in their match keys, so the keys are counted one by one; it is
`Counter` that counts, because a loop of ours would take three times as long.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Protocol, TypeAlias

from tiktok_events.event.identity import counted_name
from worker.reporting.figures.cell import Cell, add
from worker.reporting.figures.names import (
    DELIVERED,
    KEY,
    LATENCY_SUM,
    SALVAGED,
    VALUE,
    latency_bucket,
)


class Counted(Protocol):
    """An event as the figures see it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def keys(self) -> Collection[str]:
        """Its match keys."""

    @property
    def salvaged(self) -> Collection[str]:
        """Which places of it were mended or left out."""

    @property
    def worth(self) -> int:
        """Its value, in thousandths of the currency; 0 if it has none."""

    @property
    def currency(self) -> str:
        """The currency of its value; empty if it has none."""


Part: TypeAlias = tuple[float, Sequence[Counted]]
"""Seconds from their acceptance to their delivery, and events that were accepted together."""

_keys, _salvaged = attrgetter("keys"), attrgetter("salvaged")


def delivered(parts: Iterable[Part]) -> Cell:
    """What events add that the API has accepted."""
    buckets: defaultdict[str, defaultdict[str, list[Counted]]]
    buckets = defaultdict(partial(defaultdict, list))
    took_ms: defaultdict[str, int] = defaultdict(int)
    for took_s, events in parts:
        named, took = buckets[latency_bucket(took_s)], round(took_s * 1000)
        for event in events:
            named[event.name].append(event)
            took_ms[event.name] += took
    cell: Cell = {}
    for bucket, named in buckets.items():
        for name, alike in named.items():
            number = len(alike)
            add(cell, {counted_name(name): {DELIVERED: number, bucket: number, **_told_by(alike)}})
    for name, took in took_ms.items():
        add(cell, {counted_name(name): {LATENCY_SUM: took}})
    return cell


def _told_by(events: Sequence[Counted]) -> dict[str, int]:
    """Match keys, salvaged places and worth of events, as figures."""
    keys = Counter(chain.from_iterable(map(_keys, events)))
    paths = Counter(chain.from_iterable(map(_salvaged, events)))
    worth: Counter[str] = Counter()
    for event in events:
        if event.worth:
            worth[event.currency] += event.worth
    figures = {KEY + key: number for key, number in keys.items()}
    figures |= {SALVAGED + path: number for path, number in paths.items()}
    return figures | {VALUE + currency: amount for currency, amount in worth.items()}

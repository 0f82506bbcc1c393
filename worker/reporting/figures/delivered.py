"""What delivered events add to the figures of the hour.

Most events of a settlement have the same name, match keys and currency, and are counted together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
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

Shape: TypeAlias = tuple[str, tuple[str, ...], str]
"""Name, match keys and currency of an event."""


class Counted(Protocol):
    """An event as the figures see it."""

    @property
    def shape(self) -> Shape:
        """Its name, match keys and currency."""

    @property
    def worth(self) -> int:
        """Its value, in thousandths of the currency; 0 if it has none."""

    @property
    def salvaged(self) -> Collection[str]:
        """Which places of it were mended or left out."""


Part: TypeAlias = tuple[float, Sequence[Counted]]
"""Seconds from their acceptance to their delivery, and events that were accepted together."""


@dataclass(slots=True)
class _Alike:
    """What events of one shape add, which took about as long."""

    number: int = 0
    took_ms: int = 0
    worth: int = 0


def delivered(parts: Iterable[Part]) -> Cell:
    """What events add that the API has accepted."""
    alike: dict[tuple[Shape, str], _Alike] = {}
    cell: Cell = {}
    for took_s, events in parts:
        bucket, took_ms = latency_bucket(took_s), round(took_s * 1000)
        for event in events:
            found = alike.get((event.shape, bucket))
            if found is None:
                found = alike[event.shape, bucket] = _Alike()
            found.number += 1
            found.took_ms += took_ms
            found.worth += event.worth
            if event.salvaged:
                paths = {SALVAGED + path: 1 for path in event.salvaged}
                add(cell, {counted_name(event.shape[0]): paths})
    for (shape, bucket), some in alike.items():
        add(cell, {counted_name(shape[0]): _figures_of(shape, bucket, some)})
    return cell


def _figures_of(shape: Shape, bucket: str, some: _Alike) -> dict[str, int]:
    _, keys, currency = shape
    figures = {DELIVERED: some.number, bucket: some.number, LATENCY_SUM: some.took_ms}
    figures |= {KEY + key: some.number for key in keys}
    return figures | {VALUE + currency: some.worth} if some.worth else figures

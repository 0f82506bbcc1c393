"""What delivered events add to the figures of the hour.

Most events of a batch have the same name, match keys and currency, and are counted together.
"""

from __future__ import annotations

from collections.abc import Sequence

from tiktok_events.event.identity import counted_name
from worker.delivery.prepare import Outgoing, Shape
from worker.reporting.figures.cell import Cell, add
from worker.reporting.figures.names import (
    DELIVERED,
    KEY,
    LATENCY_SUM,
    SALVAGED,
    VALUE,
    latency_bucket,
)


def counted(events: Sequence[Outgoing], now: float) -> Cell:
    """What events of one block add, which the API has just accepted.

    Args:
        events: one or more.
        now: Unix seconds.
    """
    took_s = max(now - events[0].block.history.accepted_at, 0.0)
    numbers: dict[Shape, int] = {}
    worths: dict[Shape, int] = {}
    cell: Cell = {}
    for event in events:
        shape = event.shape
        numbers[shape] = numbers.get(shape, 0) + 1
        if event.worth:
            worths[shape] = worths.get(shape, 0) + event.worth
        if event.salvaged:
            add(cell, {counted_name(event.name): {SALVAGED + path: 1 for path in event.salvaged}})
    for shape, number in numbers.items():
        figures = _figures_of(shape, number, took_s, worths.get(shape, 0))
        add(cell, {counted_name(shape[0]): figures})
    return cell


def _figures_of(shape: Shape, number: int, took_s: float, worth: int) -> dict[str, int]:
    _, keys, currency = shape
    figures = {
        DELIVERED: number,
        latency_bucket(took_s): number,
        LATENCY_SUM: round(took_s * 1000) * number,
    }
    figures |= {KEY + key: number for key in keys}
    return figures | {VALUE + currency: worth} if worth else figures

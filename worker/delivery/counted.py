"""What delivered events add to the figures of the hour.

Most events of a batch have the same name and match keys, so that these are counted together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tiktok_events.event.identity import counted_name
from worker.delivery.prepare import Outgoing
from worker.reporting.figures.cell import Cell
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
    cell: Cell = {}
    for (name, keys), number in Counter(event.shape for event in events).items():
        figures = cell.setdefault(counted_name(name), Counter())
        figures[DELIVERED] += number
        figures[latency_bucket(took_s)] += number
        figures[LATENCY_SUM] += round(took_s * 1000) * number
        for key in keys:
            figures[KEY + key] += number
    for event in events:
        if event.worth or event.salvaged:
            _add_more(cell[counted_name(event.shape[0])], event)
    return cell


def _add_more(figures: dict[str, int], event: Outgoing) -> None:
    if event.worth:
        currency, thousandths = event.worth
        figures[VALUE + currency] = figures.get(VALUE + currency, 0) + thousandths
    for path in event.salvaged:
        figures[SALVAGED + path] = figures.get(SALVAGED + path, 0) + 1

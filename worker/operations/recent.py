"""Find what became of a destination's events recently, even if it is idle now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from tiktok_events.outbox.store import Store
from worker.operations.destination_figures import DestinationFigures, Lately
from worker.operations.status import Figures
from worker.reporting.figures.names import ACCEPTED, DELIVERED
from worker.reporting.figures.period import DAY_S, HOUR_S, Period
from worker.reporting.figures.reading import Row, read
from worker.reporting.figures.summary import dead

EACH: Final = 1_000
"""If more destinations were busy in the last hours, only this many of those with work are listed.
"""


def with_recent(store: Store, figures: Figures, known: Collection[str] = ()) -> Figures:
    """Return the figures with those of the last hour and day, including idle destinations.

    Args:
        store: the outbox.
        figures: figures of some moment.
        known: further destinations, such as configured ones.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    named = {one.destination: one for one in figures.destinations}
    names = None if _busy(store, figures.at) <= EACH else sorted({*named, *known})[:EACH]
    rows = read(store, figures.at - DAY_S + HOUR_S, figures.at, destination=names)
    last_hour = Period.at("h", figures.at - HOUR_S).begins_at
    hours, days = _sums(rows, last_hour), _sums(rows, 0)
    found = {name: named.get(name, DestinationFigures(name)) for name in sorted({*named, *days})}
    destinations = [
        replace(one, last_hour=hours.get(name, Lately()), last_day=days.get(name, Lately()))
        if names is None or name in names
        else one
        for name, one in found.items()
    ]
    return replace(figures, destinations=destinations)


def _busy(store: Store, at: float) -> int:
    """Return how many destinations had anything in this hour or the last."""
    periods = [Period.at("h", at), Period.at("h", at - HOUR_S)]
    with store.redis.pipeline(transaction=False) as pipeline:
        for keys in store.at_hand:
            for period in periods:
                pipeline.hlen(keys.cells(period.name))
        replies = pipeline.execute(raise_on_error=False)
    return sum(number for number in replies if isinstance(number, int))


def _sums(rows: Sequence[Row], since: int) -> dict[str, Lately]:
    found: dict[str, Lately] = {}
    for row in rows:
        if row.at >= since:
            before = found.get(row.destination, Lately())
            found[row.destination] = Lately(
                before.accepted + row.figures.get(ACCEPTED, 0),
                before.delivered + row.figures.get(DELIVERED, 0),
                before.dead + dead(row.figures),
            )
    return found

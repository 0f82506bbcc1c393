"""Find how old the oldest events of destinations are, and when the first of them expires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tiktok_events.outbox.store import Store
from worker.operations.destination_figures import DestinationFigures
from worker.outbox.oldest import read_oldest
from worker.reporting.stored import destination_of
from worker.settings import Settings


def aged(
    store: Store, destinations: Sequence[DestinationFigures], settings: Settings | None
) -> list[DestinationFigures]:
    """Add ages after the snapshot: they need not be exact, and the snapshot must be short."""
    waiting = {one.destination: one.parked is not None for one in destinations if one.waiting}
    found = read_oldest(store, waiting)
    return [
        replace(
            one,
            oldest_at=found[one.destination].appended_at,
            expires_at=_expires_at(one.destination, found[one.destination].happened_at, settings),
        )
        if one.destination in found
        else one
        for one in destinations
    ]


def _expires_at(name: str, happened_at: float | None, settings: Settings | None) -> float | None:
    destination = destination_of(name)
    if happened_at is None or destination is None or settings is None:
        return None
    return happened_at + settings.window_s(destination.event_source)

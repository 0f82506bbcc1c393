"""Decide which destinations end an event for any key that cannot be used as it is."""

from __future__ import annotations

from collections.abc import Callable

from tiktok_events.event.destination import Destination
from worker.delivery.destinations import Destinations
from worker.settings import Settings


def strictness(settings: Settings) -> Callable[[Destination], bool]:
    """Whether a destination is strict: its table in the destinations file may say so."""
    accounts = Destinations(settings)
    return lambda destination: accounts.account(destination).limits.strict

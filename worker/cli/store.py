"""The outbox, by the connection of a command."""

from __future__ import annotations

from tiktok_events.client import connect
from tiktok_events.outbox.store import Store
from tiktok_events.settings import ClientSettings


def open_store(settings: ClientSettings) -> Store:
    """Connect to the outbox with all that belongs to it; it is to be closed."""
    return Store(connect(settings), settings.layout)

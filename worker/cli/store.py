"""The outbox, by the connection of a command."""

from __future__ import annotations

import click

from tiktok_events.client import connect
from tiktok_events.outbox.store import Store
from tiktok_events.settings import ClientSettings


def open_store(settings: ClientSettings) -> Store:
    """Connect to the outbox with all that belongs to it; it is to be closed.

    If leaders of a cluster do not answer, a warning says which shards are not seen.
    """
    store = Store(connect(settings), settings.layout)
    if lost := store.lost:
        numbers = ", ".join(map(str, lost))
        words = f"Warning: the leader of {'shards' if len(lost) > 1 else 'shard'} {numbers}"
        click.echo(f"{words} does not answer; what they hold is not seen here.", err=True)
    return store

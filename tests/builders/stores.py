"""The outbox of a test: a connection to its server, with the names of the keys."""

from __future__ import annotations

from typing import Final

from redis import Redis

from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store

SHARDS: Final = Shards()
keys: Final = SHARDS.at(0)
installation_keys: Final = SHARDS.installation
broker_keys: Final = SHARDS.broker


def store_of(redis: Redis) -> Store:
    """The outbox on a server."""
    return Store(redis, SHARDS)

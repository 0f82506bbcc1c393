"""The outbox of a test: a connection to its server, with the names of the keys."""

from __future__ import annotations

import os
from typing import Final

from redis import Redis

from tests.builders.environment import SHARDS as SHARDS_VARIABLE
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store

SHARDS: Final = Shards(count=int(os.environ.get(SHARDS_VARIABLE, "1")))
"""Of this test run; see `--shards`."""

PIXEL: Final = "web:C0PIXEL"


class _Keys(Keys):
    """The keys of the shard of `PIXEL`, but those of any destination in its own shard."""

    def __init__(self) -> None:
        self.prefix = SHARDS.of(PIXEL).prefix
        self._doorbell = SHARDS.broker.doorbell

    def outbox(self, destination: str) -> str:
        return SHARDS.of(destination).outbox(destination)

    def state(self, destination: str) -> str:
        return SHARDS.of(destination).state(destination)

    def attempts(self, destination: str) -> str:
        return SHARDS.of(destination).attempts(destination)


keys: Final = _Keys()
installation_keys: Final = SHARDS.installation
broker_keys: Final = SHARDS.broker


def store_of(redis: Redis) -> Store:
    """The outbox on a server."""
    return Store(redis, SHARDS)

"""Where everything stands: a connection, and the names of the keys that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from redis import Redis

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.shards import Shards


@dataclass(frozen=True, slots=True)
class Store:
    """The outbox of one installation, with all that belongs to it.

    Attributes:
        redis: a connection.
        shards: the names of the keys.
    """

    redis: Redis
    shards: Shards

    @property
    def keys(self) -> Keys:
        """The keys of its only shard."""
        return self.shards.at(0)

    def close(self) -> None:
        """Close the connection."""
        self.redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

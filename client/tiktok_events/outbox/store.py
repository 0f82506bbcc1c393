"""The outbox of an installation: a connection, and the names of its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from redis import Redis

from tiktok_events.connection.cluster_redis import ClusterRedis
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

    @property
    def at_hand(self) -> list[Keys]:
        """Return shards whose server answers: all, unless some leaders of a cluster do not.

        A leader that is not there is asked once a second: until then what is left goes on.
        """
        return list(filter(self.answers, self.shards)) or list(self.shards)

    @property
    def lost(self) -> list[int]:
        """Return the numbers of shards whose leader does not answer, while others do."""
        at_hand = self.at_hand
        return [number for number, keys in enumerate(self.shards) if keys not in at_hand]

    def answers(self, keys: Keys) -> bool:
        """Return whether the server of a shard answers, as far as is known."""
        return not isinstance(self.redis, ClusterRedis) or self.redis.answers(keys.ready)

    def close(self) -> None:
        """Close the connection."""
        self.redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

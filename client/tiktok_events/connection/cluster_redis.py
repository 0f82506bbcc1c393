"""A client of all leaders of a cluster, for workers and commands; see `cluster`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from redis import ConnectionPool, Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.cluster import Cluster
from tiktok_events.connection.errand import Command, Errand

FIRST_PAUSE_S: Final = 0.02
LONGEST_PAUSE_S: Final = 0.2
"""Between two tries: a slot that is being moved, or a leader that restarts."""


class ClusterRedis(Redis):
    """Sends each command to the leader of its first key, and pipelines leader by leader.

    A leader that does not answer is tried for a moment, and then, until it is back, costs nobody
    any time: what goes there fails at once, all else goes on. What a server refused because
    another leads, or will soon, is sent again; where a connection was lost, it may be twice.

    Args:
        cluster: who leads.
        home: commands that have no key go where this one is.
        patience_s: how long a leader is tried again.

    Attributes:
        topology: the same.
    """

    def __init__(self, cluster: Cluster, home: str, patience_s: float) -> None:
        super().__init__(connection_pool=ConnectionPool())  # no connection is made of it
        self.topology = cluster
        self._home = home
        self._patience_s = patience_s

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Carry one command."""
        reply = self.run([(args, options)])[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Pipeline:  # noqa: ARG002, FBT002 — because redis-py's is so
        """Commands in one round trip for each leader; a transaction is for one slot."""
        return ClusterPipeline(self, transaction=bool(transaction))

    def run(self, commands: Sequence[Command], *, transaction: bool = False) -> list[Any]:
        """Carry commands; an error stands in place of the reply of one that failed."""
        errand = Errand(self.topology, self._home, commands, transaction=transaction)
        end, pause_s = time.monotonic() + self._patience_s, FIRST_PAUSE_S
        errand.go()
        if errand.rest:
            errand.go()
        while errand.rest and time.monotonic() < end:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            errand.go()
        errand.give_up()
        return errand.replies

    def answers(self, key: str) -> bool:
        """Whether the leader of a key answers, as far as is known."""
        try:
            self.topology.check(self.topology.leader(key), key)
        except RedisError:
            return False
        return True

    def at_home(self) -> Redis:
        """A client of the leader at home."""
        return self.topology.client(self.topology.leader(self._home))

    def time(self, **how: Any) -> Any:
        """The time of the leader at home; of another while that is away."""
        return self._somewhere("time", how)

    def ping(self, **how: Any) -> Any:
        """Whether any leader answers."""
        return self._somewhere("ping", how)

    def script_load(self, script: Any) -> Any:
        """Teach a script to every leader that answers."""
        digest = None
        for client in self._at_hand():
            with suppress(RedisConnectionError, RedisTimeoutError):
                digest = client.script_load(script)
        return digest

    def scan_iter(self, *args: Any, **how: Any) -> Iterator[Any]:
        """The keys of every leader that answers."""
        for client in self._at_hand():
            with suppress(RedisConnectionError, RedisTimeoutError):
                yield from client.scan_iter(*args, **how)

    def close(self) -> None:
        """Close all connections."""
        self.topology.close()

    def _somewhere(self, what: str, how: dict[str, Any]) -> Any:
        try:
            return getattr(super(), what)(**how)
        except (RedisConnectionError, RedisTimeoutError):
            for client in self._at_hand():
                with suppress(RedisConnectionError, RedisTimeoutError):
                    return getattr(client, what)(**how)
            raise

    def _at_hand(self) -> Iterator[Redis]:
        self.topology.ask_if_due()
        for node in self.topology.leaders.all():
            if not self.topology.is_lost(node):
                yield self.topology.client(node)


class ClusterPipeline(Pipeline):
    """Collects commands as redis-py's pipeline does; `ClusterRedis` carries them."""

    def __init__(self, redis: ClusterRedis, *, transaction: bool) -> None:
        super().__init__(redis.connection_pool, redis.response_callbacks, transaction, None)
        self._redis = redis

    def execute(
        self,
        raise_on_error: bool = True,  # noqa: FBT001, FBT002 — because redis-py's is so
    ) -> list[Any]:
        """Carry what was collected; an error is raised, or stands among the replies."""
        commands, self.command_stack = self.command_stack, []
        replies = self._redis.run(commands, transaction=bool(self.transaction))
        for reply in replies if raise_on_error else ():
            if isinstance(reply, Exception):
                raise reply
        return replies

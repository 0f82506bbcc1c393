"""The producer's half of the outbox: append, in groups with whoever appends at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from redis import Redis

from tiktok_events.connection.cluster_redis import ClusterRedis
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import commits_of, commits_of_blocks
from tiktok_events.outbox.appends import Appends, Failures
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.cluster_lanes import ClusterLanes
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.lane import Lane
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.tracing import UNTRACED, is_traced, published
from tiktok_events.outbox.turns import batches

TIMEOUT_S: Final = 2.0


class Appender(Appends):
    """Appends to outboxes; safe to share between threads, and across a fork.

    Args:
        redis: how to make a connection.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        shards: where the outboxes are.
        timeout_s: longest time of one append; of one script, if it needs several.
        fsync: an append ends when the append-only file is on the server's disk.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        linger_ms: int,
        rings: bool,
        shards: Shards,
        timeout_s: float = TIMEOUT_S,
        fsync: bool = False,
    ) -> None:
        super().__init__(
            linger_ms=linger_ms, rings=rings, shards=shards, timeout_s=timeout_s, fsync=fsync
        )
        self._lanes = self._lanes_of(redis)

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the monotonic clock."""
        return time.monotonic() + self._timeout_s

    def append(self, events: Sequence[PreparedEvent], end: float | None = None) -> None:
        """Append events: all of them or none, if they are of one shard and within a mebibyte.

        Others are appended script after script, each all or nothing; those of one destination are
        in one script if they fit. When one fails, those for other servers are carried all the
        same. The time of a call begins anew with each script that is answered: it is the limit of
        silence, not of work.

        Args:
            events: they are appended in this order.
            end: when it must be over; by default after `timeout_s`.

        Raises:
            NotAppended: it did not happen, or not as a whole; it tells what is where.
            DurabilityUnsupported: it did not happen; the server cannot promise its disk.
        """
        if not is_traced():
            return self._run_all(commits_of(events, self._shards), end)
        with published(events) as traced:
            return self._run_all(commits_of(traced, self._shards), end)

    def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append blocks; as `append` does."""
        self._run_all(commits_of_blocks(blocks, self._shards), end)

    def call(self, commit: Commit, end: float | None = None) -> Any:
        """Carry another command, with the promises of `append`; returns what it returned."""
        with published(commit.events) if commit.events and is_traced() else UNTRACED:
            self._run_all([commit], end)
        return commit.reply

    def close(self) -> None:
        """Close the connections; the next append opens new ones."""
        self._lanes.close()

    def let_pass(self) -> None:
        """Have the next call tried, even if Redis was away moments ago."""
        self._lanes.let_pass()

    def _lanes_of(self, redis: Redis) -> Lane | ClusterLanes:
        how: dict[str, Any] = {"timeout_s": self._timeout_s, "fsync": self._fsync}
        if not isinstance(redis, ClusterRedis):
            return Lane(redis.connection_pool, self._append, **how)
        cluster = redis.topology
        return ClusterLanes(
            cluster,
            self._shards,
            lambda node: Lane(cluster.pool(node), self._append, slots=True, **how),
        )

    def _run_all(self, commits: Sequence[Commit], end: float | None) -> None:
        firsts = commits if len(commits) == 1 else batches(commits, self._lanes.place)
        failures: Failures | None = None
        for number, first in enumerate(firsts):
            now, together = time.monotonic(), first.together
            for commit in together:
                commit.end = now + self._timeout_s if end is None or number else end
            if failures is None or not failures.passes_over(self._lanes.place(first), together):
                self._lanes.run(first, now)
            for commit in together:
                if commit.error is not None:
                    failures = failures or Failures(commits)
                    failures.note(self._lanes.place(commit), commit)
        if failures is not None:
            failures.check()

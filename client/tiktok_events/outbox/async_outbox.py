"""The producer's half of the outbox, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from tiktok_events.connection.async_cluster import AsyncCluster
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import commits_of, commits_of_blocks
from tiktok_events.outbox.appends import Appends, Failures
from tiktok_events.outbox.async_cluster_lanes import AsyncClusterLanes
from tiktok_events.outbox.async_lane import AsyncLane
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.tracing import UNTRACED, is_traced, published
from tiktok_events.outbox.turns import batches


class AsyncAppender(Appends):
    """Appends to outboxes, as `Appender` does; each event loop has connections of its own.

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
        redis: Redis | AsyncCluster,
        *,
        linger_ms: int,
        rings: bool,
        shards: Shards,
        timeout_s: float,
        fsync: bool,
    ) -> None:
        super().__init__(
            linger_ms=linger_ms, rings=rings, shards=shards, timeout_s=timeout_s, fsync=fsync
        )
        self._redis = redis
        self._by_loop: dict[asyncio.AbstractEventLoop, AsyncLane | AsyncClusterLanes] = {}

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the loop's clock."""
        return asyncio.get_running_loop().time() + self._timeout_s

    async def append(self, events: Sequence[PreparedEvent], end: float | None = None) -> None:
        """Append events, as `Appender.append` does."""
        if not is_traced():
            return await self._run_all(commits_of(events, self._shards), end)
        with published(events) as traced:
            return await self._run_all(commits_of(traced, self._shards), end)

    async def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append blocks; as `append` does."""
        await self._run_all(commits_of_blocks(blocks, self._shards), end)

    async def call(self, commit: Commit, end: float | None = None) -> Any:
        """Carry another command, with the promises of `append`; returns what it returned."""
        with published(commit.events) if commit.events and is_traced() else UNTRACED:
            await self._run_all([commit], end)
        return commit.reply

    async def close(self) -> None:
        """Close this loop's connections; the next append opens new ones."""
        if lanes := self._by_loop.pop(asyncio.get_running_loop(), None):
            await lanes.close()

    def let_pass(self) -> None:
        """Have the next call tried, even if Redis was away moments ago."""
        for lanes in self._by_loop.values():
            lanes.let_pass()

    async def _run_all(self, commits: Sequence[Commit], end: float | None) -> None:
        loop = asyncio.get_running_loop()
        lanes = self._lanes(loop)
        firsts = commits if len(commits) == 1 else batches(commits, lanes.place)
        failures: Failures | None = None
        for number, first in enumerate(firsts):
            now, together = loop.time(), first.together
            for commit in together:
                commit.end = now + self._timeout_s if end is None or number else end
            if failures is None or not failures.passes_over(lanes.place(first), together):
                await lanes.run(first, now)
            for commit in together:
                if commit.error is not None:
                    failures = failures or Failures(commits)
                    failures.note(lanes.place(commit), commit)
        if failures is not None:
            failures.check()

    def _lanes(self, loop: asyncio.AbstractEventLoop) -> AsyncLane | AsyncClusterLanes:
        if (lanes := self._by_loop.get(loop)) is None:
            lanes = self._lanes_of(self._redis)
            alive = {one: its for one, its in self._by_loop.items() if not one.is_closed()}
            self._by_loop = {**alive, loop: lanes}
        return lanes

    def _lanes_of(self, redis: Redis | AsyncCluster) -> AsyncLane | AsyncClusterLanes:
        how: dict[str, Any] = {"timeout_s": self._timeout_s, "fsync": self._fsync}
        if not isinstance(redis, AsyncCluster):
            return AsyncLane(redis.connection_pool, self._append, **how)
        return AsyncClusterLanes(
            redis,
            self._shards,
            lambda node: AsyncLane(redis.pool(node), self._append, slots=True, **how),
        )

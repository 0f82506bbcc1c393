"""The producer's half of the outbox, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tiktok_events.connection.async_slot import AsyncSlot
from tiktok_events.connection.circuit import CircuitOpen
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import FSYNC_PROBE, check_fsync, commits_of, commits_of_blocks
from tiktok_events.outbox.appends import Appends, settle_the_rest
from tiktok_events.outbox.async_turns import AsyncTurns
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.group import Group
from tiktok_events.outbox.shards import Shards


class AsyncAppender(Appends):
    """Appends to outboxes, as `Appender` does; each event loop has a connection of its own.

    Args:
        redis: how to make a connection.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        shards: where the outboxes are.
        timeout_s: longest time of one append; of one script, if it needs several.
        fsync: an append ends when the append-only file is on the server's disk.

    Attributes:
        circuit: keeps calls from a server that is away.
    """

    def __init__(
        self,
        redis: Redis,
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
        self._pool = redis.connection_pool
        self._lanes: dict[asyncio.AbstractEventLoop, tuple[AsyncSlot, AsyncTurns]] = {}

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the loop's clock."""
        return asyncio.get_running_loop().time() + self._timeout_s

    async def append(self, events: Sequence[PreparedEvent], end: float | None = None) -> None:
        """Append events, as `Appender.append` does."""
        await self._run_all(commits_of(events, self._shards), end)

    async def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append blocks; as `append` does."""
        await self._run_all(commits_of_blocks(blocks, self._shards), end)

    async def call(self, commit: Commit, end: float | None = None) -> Any:
        """Carry another command, with the promises of `append`; returns what it returned."""
        await self._run_all([commit], end)
        return commit.reply

    async def close(self) -> None:
        """Close this loop's connection; the next append opens a new one."""
        if lane := self._lanes.pop(asyncio.get_running_loop(), None):
            await lane[0].close()

    async def _run_all(self, commits: Sequence[Commit], end: float | None) -> None:
        loop = asyncio.get_running_loop()
        for number, commit in enumerate(commits):
            now = loop.time()
            commit.end = now + self._timeout_s if end is None or number else end
            if self.circuit.is_closed or self._is_let_pass(commit, now):
                slot, turns = self._lane(loop)
                await turns.run(commit, partial(self._carry, slot))
            if commit.error is not None:
                self._judge(commits, number)

    def _lane(self, loop: asyncio.AbstractEventLoop) -> tuple[AsyncSlot, AsyncTurns]:
        if (lane := self._lanes.get(loop)) is None:
            lane = AsyncSlot(self._pool), AsyncTurns(self._timeout_s)
            alive = {one: its for one, its in self._lanes.items() if not one.is_closed()}
            self._lanes = {**alive, loop: lane}
        return lane

    async def _carry(self, slot: AsyncSlot, commits: Sequence[Commit]) -> None:
        """Carry calls over the connection, and settle each."""
        slot.has_sent = False
        try:
            began = self.circuit.admit()
        except CircuitOpen as error:
            settle_the_rest(commits, error, in_doubt=False)
            return
        failure: Exception | None = None
        try:
            await self._exchange(slot, commits)
        except (RedisError, DurabilityUnsupported) as error:
            failure = error
            settle_the_rest(commits, error, in_doubt=slot.has_sent)
        self.circuit.learn(failure, began)

    async def _exchange(self, slot: AsyncSlot, commits: Sequence[Commit]) -> None:
        end = min([commit.end for commit in commits])
        if self._fsync_unproven:
            check_fsync((await slot.exchange(FSYNC_PROBE, end))[0])
            self._fsync_unproven = slot.has_sent = False
        group = Group(self._append, commits)
        while not group.learn(await slot.exchange(group.commands(), end)):
            pass

"""The way of one event loop to one server; as `lane` has it for threads."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from tiktok_events.connection.async_slot import AsyncSlot
from tiktok_events.connection.circuit import CircuitOpen
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.outbox.append import FSYNC_PROBE, Append, check_fsync
from tiktok_events.outbox.appends import AnyLane, settle_the_rest
from tiktok_events.outbox.async_turns import AsyncTurns
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.group import Group


class AsyncLane(AnyLane):
    """Carries calls to one server, as `Lane` does; for one event loop."""

    def __init__(
        self,
        pool: ConnectionPool,
        append: Append,
        *,
        timeout_s: float,
        fsync: bool,
        slots: bool = False,
    ) -> None:
        super().__init__(append, fsync=fsync)
        self._slot = AsyncSlot(pool, slots=slots)
        self._turns = AsyncTurns(timeout_s)

    async def run(self, commit: Commit, now: float) -> None:
        """Have a call carried, or say why not; `now` is of the loop's clock."""
        if self.circuit.is_closed or self.is_let_pass(commit, now):
            await self._turns.run(commit, self._carry)
        if commit.error is not None:
            self.judge(commit)

    async def close(self) -> None:
        """Close the connection; the next call makes it anew."""
        await self._slot.close()

    async def _carry(self, commits: Sequence[Commit]) -> None:
        """Carry calls over the connection, and settle each."""
        self._slot.has_sent = False
        try:
            began = self.circuit.admit()
        except CircuitOpen as error:
            settle_the_rest(commits, error, in_doubt=False)
            return
        failure: Exception | None = None
        try:
            await self._exchange(commits)
        except (RedisError, DurabilityUnsupported) as error:
            failure = error
            settle_the_rest(commits, error, in_doubt=self._slot.has_sent)
        self.circuit.learn(failure, began)

    async def _exchange(self, commits: Sequence[Commit]) -> None:
        end = min([commit.end for commit in commits])
        if self._fsync_unproven:
            check_fsync((await self._slot.exchange(FSYNC_PROBE, end))[0])
            self._fsync_unproven = self._slot.has_sent = False
        group = Group(self._append, commits)
        while not group.learn(await self._slot.exchange(group.commands(), end)):
            pass

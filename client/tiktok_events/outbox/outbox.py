"""The producer's half of the outbox: append, in groups with whoever appends at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from tiktok_events.connection.circuit import CircuitOpen
from tiktok_events.connection.slot import Slot
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import FSYNC_PROBE, check_fsync, commits_of, commits_of_blocks
from tiktok_events.outbox.appends import Appends, settle_the_rest
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.group import Group
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.turns import Turns

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
        timeout_s: float = TIMEOUT_S,
        fsync: bool = False,
    ) -> None:
        super().__init__(
            linger_ms=linger_ms, rings=rings, shards=shards, timeout_s=timeout_s, fsync=fsync
        )
        self._slot = Slot(redis.connection_pool)
        self._turns = Turns(timeout_s, self._slot.forget)

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the monotonic clock."""
        return time.monotonic() + self._timeout_s

    def append(self, events: Sequence[PreparedEvent], end: float | None = None) -> None:
        """Append events: all of them or none, if they are within a mebibyte.

        More are appended script after script, each all or nothing; those of one destination are in
        one script if they fit. The time of a call begins anew with each script that is answered:
        it is the limit of silence, not of work.

        Args:
            events: they are appended in this order.
            end: when it must be over; by default after `timeout_s`.

        Raises:
            NotAppended: it did not happen, or not as a whole; it tells what is where.
            DurabilityUnsupported: it did not happen; the server cannot promise its disk.
        """
        self._run_all(commits_of(events, self._shards), end)

    def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append blocks; as `append` does."""
        self._run_all(commits_of_blocks(blocks, self._shards), end)

    def call(self, commit: Commit, end: float | None = None) -> Any:
        """Carry another command, with the promises of `append`; returns what it returned."""
        self._run_all([commit], end)
        return commit.reply

    def close(self) -> None:
        """Close the connection; the next append opens a new one."""
        self._slot.close()

    def _run_all(self, commits: Sequence[Commit], end: float | None) -> None:
        for number, commit in enumerate(commits):
            now = time.monotonic()
            commit.end = now + self._timeout_s if end is None or number else end
            if self.circuit.is_closed or self._is_let_pass(commit, now):
                self._turns.run(commit, self._carry)
            if commit.error is not None:
                self._judge(commits, number)

    def _carry(self, commits: Sequence[Commit]) -> None:
        """Carry calls over the connection, and settle each."""
        self._slot.has_sent = False
        try:
            began = self.circuit.admit()
        except CircuitOpen as error:
            settle_the_rest(commits, error, in_doubt=False)
            return
        failure: Exception | None = None
        try:
            self._exchange(commits)
        except (RedisError, DurabilityUnsupported) as error:
            failure = error
            settle_the_rest(commits, error, in_doubt=self._slot.has_sent)
        self.circuit.learn(failure, began)

    def _exchange(self, commits: Sequence[Commit]) -> None:
        end = min(commits, key=attrgetter("end")).end if len(commits) > 1 else commits[0].end
        if self._fsync_unproven:
            check_fsync(self._slot.exchange(FSYNC_PROBE, end)[0])
            self._fsync_unproven = self._slot.has_sent = False
        group = Group(self._append, commits)
        while not group.learn(self._slot.exchange(group.commands(), end)):
            pass

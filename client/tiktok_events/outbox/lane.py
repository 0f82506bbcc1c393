"""The way of a process to one server: calls in groups, over one connection, while it answers."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from redis import ConnectionPool
from redis.exceptions import RedisError

from tiktok_events.connection.circuit import CircuitOpen
from tiktok_events.connection.slot import Slot
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.outbox.append import FSYNC_PROBE, Append, check_fsync
from tiktok_events.outbox.appends import AnyLane, settle_the_rest
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.group import Group
from tiktok_events.outbox.turns import Turns


class Lane(AnyLane):
    """Carries calls to one server, and settles each; safe to share between threads.

    Args:
        pool: how to make the connection.
        append: writes the commands.
        timeout_s: longest time of one call.
        fsync: an append ends when the append-only file is on the server's disk.
        slots: whether the server leads slots of a cluster.

    Attributes:
        circuit: keeps calls from a server that is away.
    """

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
        self._slot = Slot(pool, slots=slots)
        self._turns = Turns(timeout_s, self._slot.forget)

    def run(self, commit: Commit, now: float) -> None:
        """Have a call carried, or say why not; `now` is of the monotonic clock."""
        if self.circuit.is_closed or self.is_let_pass(commit, now):
            self._turns.run(commit, self._carry)
        if commit.error is not None:
            self.judge(commit)

    def close(self) -> None:
        """Close the connection; the next call makes it anew."""
        self._slot.close()

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

"""What every appender does, whatever carries its groups; no I/O here."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.circuit import Circuit, CircuitOpen
from tiktok_events.outbox.append import Append
from tiktok_events.outbox.commit import Commit, NotAppended
from tiktok_events.outbox.shards import Shards


class TurnNeverCame(RedisTimeoutError):
    """More calls came at once than could be carried in their time; of Redis that says nothing."""


class Appends:
    """Base of `Appender` and `AsyncAppender`; the arguments are told there."""

    def __init__(
        self, *, linger_ms: int, rings: bool, shards: Shards, timeout_s: float, fsync: bool
    ) -> None:
        fsync_ms = round(timeout_s * 1000) if fsync else None
        self._append = Append(linger_ms=linger_ms, rings=rings, shards=shards, fsync_ms=fsync_ms)
        self._shards = shards
        self._timeout_s = timeout_s
        self._fsync_unproven = fsync
        self.circuit = Circuit()

    def _is_let_pass(self, commit: Commit, now: float) -> bool:
        """Whether a call may go although Redis was away; if not, it fails."""
        try:
            commit.wait_end = now + self.circuit.longest_wait_s()
        except CircuitOpen as error:
            commit.fail(error, in_doubt=False)
            return False
        return True

    def _judge(self, commits: Sequence[Commit], number: int) -> None:
        """Raise why a call failed."""
        commit = commits[number]
        if commit.is_late:
            late = TurnNeverCame("others took until too little of the call's time was left")
            commit.fail(late if self.circuit.is_closed else self.circuit.refusal(), in_doubt=False)
        if isinstance(commit.error, RedisError):
            raise NotAppended(commit.error, commits, number) from commit.error
        if commit.error is not None:
            raise commit.error


def settle_the_rest(commits: Sequence[Commit], error: Exception, *, in_doubt: bool) -> None:
    """Tell what became of calls that were not carried to the end."""
    for commit in commits:
        if not commit.is_settled:
            commit.fail(error, in_doubt=in_doubt)

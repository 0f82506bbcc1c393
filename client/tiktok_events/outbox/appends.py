"""What every appender does, whatever carries its groups; no I/O here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.circuit import Circuit, CircuitOpen
from tiktok_events.outbox.append import Append
from tiktok_events.outbox.commit import Commit, NotAppended
from tiktok_events.outbox.shards import Shards


class TurnNeverCame(RedisTimeoutError):
    """More calls came at once than could be carried in their time; of Redis that says nothing."""


class AnyLane:
    """Base of `Lane` and `AsyncLane`: a process's way to one server.

    Args:
        append: writes the commands.
        fsync: an append ends when the append-only file is on the server's disk.
    """

    def __init__(self, append: Append, *, fsync: bool) -> None:
        self._append = append
        self._fsync_unproven = fsync
        self.circuit = Circuit()

    def is_let_pass(self, commit: Commit, now: float) -> bool:
        """Whether a call may go although Redis was away; if not, it fails."""
        try:
            commit.wait_end = now + self.circuit.longest_wait_s()
        except CircuitOpen as error:
            commit.fail(error, in_doubt=False)
            return False
        return True

    def place(self, _commit: Commit) -> Hashable:
        """Where it leads; the same for all calls."""
        return None

    def let_pass(self) -> None:
        """Have the next call tried, even if the server was away moments ago."""
        self.circuit.close()

    def judge(self, commit: Commit) -> None:
        """Say why a call failed that nobody carried; its company shares its fate."""
        if commit.is_late:
            late = TurnNeverCame("others took until too little of the call's time was left")
            commit.fail(late if self.circuit.is_closed else self.circuit.refusal(), in_doubt=False)
        if commit.error is not None:
            settle_the_rest(commit.company, commit.error, in_doubt=commit.in_doubt)


class Appends:
    """Base of `Appender` and `AsyncAppender`; the arguments are told there."""

    def __init__(
        self, *, linger_ms: int, rings: bool, shards: Shards, timeout_s: float, fsync: bool
    ) -> None:
        fsync_ms = round(timeout_s * 1000) if fsync else None
        self._append = Append(linger_ms=linger_ms, rings=rings, shards=shards, fsync_ms=fsync_ms)
        self._shards = shards
        self._timeout_s = timeout_s
        self._fsync = fsync


class Failures:
    """What failed of the scripts of one call; those for other servers go on.

    Args:
        commits: all of them, in order.
    """

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._commits = commits
        self._by_place: dict[Hashable, Exception] = {}

    def note(self, place: Hashable, commit: Commit) -> None:
        """Note one that has failed.

        Raises:
            Exception: its error, if it is not one of Redis.
        """
        if isinstance(commit.error, RedisError):
            self._by_place.setdefault(place, commit.error)
        elif commit.error is not None:
            raise commit.error

    def passes_over(self, place: Hashable, commits: Sequence[Commit]) -> bool:
        """Whether some need not be tried: others failed in the same place."""
        if (error := self._by_place.get(place)) is None:
            return False
        settle_the_rest(commits, error, in_doubt=False)
        return True

    def check(self) -> None:
        """Tell what is where, if any failed.

        Raises:
            NotAppended: some did.
        """
        for place, error in self._by_place.items():
            several = place is not None
            raise NotAppended(error, self._commits, one_of_several=several) from error


def settle_the_rest(commits: Sequence[Commit], error: Exception, *, in_doubt: bool) -> None:
    """Tell what became of calls that were not carried to the end."""
    for commit in commits:
        if not commit.is_settled:
            commit.fail(error, in_doubt=in_doubt)

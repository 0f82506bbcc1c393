"""What goes over a connection for a group of calls, and what the replies mean; no I/O here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.outbox.append import Append
from tiktok_events.outbox.commit import Commit


class Group:
    """Calls that share round trips: the events of a shard are appended by one script, all or none.

    A server that does not know the script is taught it, and asked again. When it refuses what
    several calls want, each is carried by itself: an error belongs to the call that has it.

    Args:
        append: writes the commands.
        commits: the calls; one that has a script of its own is alone.
    """

    def __init__(self, append: Append, commits: Sequence[Commit]) -> None:
        self._append = append
        self._parts = append.by_shard(commits)
        self._lessons: list[bytes] = []
        self._is_taught = False

    def commands(self) -> list[bytes]:
        """What to send next."""
        commands = [self._append.command(part) for part in self._parts]
        return [*self._lessons, *commands, *self._append.fsync]

    def learn(self, replies: Sequence[Any]) -> bool:
        """Take to heart what was answered to `commands`.

        Returns:
            Whether each call is settled; if not, there are more commands.

        Raises:
            redis.TimeoutError: it is done, but not known to be on the server's disk.
        """
        if self._append.fsync and not _is_on_disk(replies[-1]):
            raise RedisTimeoutError("the append-only file was not on the server's disk in time")
        parts, taught = self._parts, len(self._lessons)
        self._parts, self._lessons = [], []
        for number, part in enumerate(parts, taught):
            reply = replies[number]
            if isinstance(reply, RedisError):
                self._learn_of_error(part, reply)
                continue
            for commit in part:
                commit.succeed(reply)
        return not self._parts

    def _learn_of_error(self, part: Sequence[Commit], error: RedisError) -> None:
        if not is_from_primary(error):
            for commit in part:
                commit.fail(changed(error), in_doubt=False)
        elif isinstance(error, NoScriptError) and (self._lessons or not self._is_taught):
            self._is_taught = True
            self._lessons = [self._append.lesson(part)]
            self._parts.append(part)
        elif len(part) > 1:
            self._parts += [(commit,) for commit in part]
        else:
            part[0].fail(error, in_doubt=False)


def _is_on_disk(reply: Any) -> bool:
    return isinstance(reply, list) and bool(reply[0])

"""One call's share of a group, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.blocks import Block, blocks_of
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import ScriptText

_UNSETTLED: Final = RedisTimeoutError("whoever carried the call was not done in time")


class Commit:
    """What one call adds to a round trip.

    Args:
        events: to be appended, unless there is a command.

    Attributes:
        blocks: to be appended beside them.
        command: to be sent instead of an append.
        script: what it calls, if it calls one.
        keys: of the shard that it is for; by default that of its destination.
        company: other scripts of the same call, for the same server, that go with it.
        end: when it must be over; seconds of the clock of whoever carries it.
        wait_end: until when it may wait for its turn, if that is sooner than the time allows.
        wake: tells who waits that it is settled, or that it leads the next group.
        is_late: whether it waited for its turn in vain; nothing was sent.
        reply: what its command or script returned.
        error: why it failed; `None` when it did not.
        in_doubt: whether it may have been carried out although it failed.
    """

    blocks: Sequence[Block] = ()
    command: bytes | None = None
    script: ScriptText | None = None
    keys: Keys | None = None
    company: Sequence[Commit] = ()
    end = 0.0
    wait_end = math.inf
    wake: Callable[[], None] | None = None
    is_late = False
    reply: Any = None
    error: Exception | None = _UNSETTLED
    in_doubt = True
    _was_in_doubt = False

    def __init__(self, events: Sequence[PreparedEvent] = ()) -> None:
        self.events = events

    @classmethod
    def of_blocks(cls, blocks: Sequence[Block]) -> Self:
        """Return a commit that appends these blocks."""
        commit = cls()
        commit.blocks = blocks
        return commit

    @classmethod
    def of_command(
        cls,
        command: bytes,
        keys: Keys,
        script: ScriptText | None = None,
        events: Sequence[PreparedEvent] = (),
    ) -> Self:
        """Return a commit that sends this command to a shard, and hands over these events."""
        commit = cls(events)
        commit.command, commit.keys, commit.script = command, keys, script
        return commit

    @property
    def count(self) -> int:
        """Return how many events it has; at least one."""
        return len(self.events) + sum(block.events for block in self.blocks) or 1

    @property
    def together(self) -> Sequence[Commit]:
        """Return this commit and its company."""
        return (self, *self.company)

    @property
    def destination(self) -> str:
        """One of its destinations; all of them are in one shard."""
        return self.events[0].destination.key if self.events else self.blocks[0].destination

    @property
    def size_bytes(self) -> int:
        """The size of their JSON."""
        bodies = sum(len(event.body) for event in self.events)
        return bodies + sum(len(block.payload) for block in self.blocks)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what became of it."""
        return self.error is not _UNSETTLED

    def succeed(self, reply: Any) -> None:
        """Note that it was carried out."""
        self.reply, self.error, self.in_doubt = reply, None, False

    def fail(self, error: Exception, *, in_doubt: bool) -> None:
        """Note that it failed, or that nobody knows."""
        self.error, self.in_doubt = error, in_doubt or self._was_in_doubt

    def begin_anew(self) -> None:
        """Prepare to try elsewhere; what was in doubt stays so unless that succeeds."""
        self._was_in_doubt |= self.in_doubt
        self.error, self.in_doubt, self.is_late, self.wake = _UNSETTLED, True, False, None

    def all_blocks(self) -> list[Block]:
        """Return all blocks that it appends, in order."""
        return [*blocks_of(self.events), *self.blocks]


class NotAppended(RedisError):
    """A call was not carried out, or not as a whole.

    Attributes:
        error: why.
        accepted: blocks that are in the outbox.
        in_doubt: blocks that may be in it.
        missing: blocks that are not.
        one_of_several: whether another server than the one that failed may take events.
    """

    def __init__(
        self, error: Exception, commits: Sequence[Commit], *, one_of_several: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.accepted: list[Block] = []
        self.in_doubt: list[Block] = []
        self.missing: list[Block] = []
        for commit in commits:
            self._list_of(commit).extend(commit.all_blocks())
        self.one_of_several = one_of_several

    def _list_of(self, commit: Commit) -> list[Block]:
        if commit.error is None:
            return self.accepted
        return self.in_doubt if commit.in_doubt else self.missing

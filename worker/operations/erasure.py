"""Erasure: everything of one person that waits or is dead goes, and nothing of anybody else.

held       each event of the person that waits for its time goes
waiting    each block with an event of the person loses it; a block that a worker holds is
           asked again until its claim has ended, one way or the other
dead       letters with such an event are purged
again      what became a dead letter, or was replayed, meanwhile; until nothing is found
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

import orjson
from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.packing import UnreadableBlock, packed_like, unpacked
from worker.attempts.history import History
from worker.letters.dead_letters import PAGE, DeadLetters
from worker.letters.letter import DeadLetter
from worker.operations.data_subject import Person
from worker.outbox.backlog import Backlog, StoredBlock
from worker.outbox.delayed import HeldBody, HeldEvents

MAX_ROUNDS: Final = 5
"""An application may track events of the person all the while."""

POLL_S: Final = 0.1
"""Between two looks at claims that are alive."""

MARGIN_S: Final = 1.0
"""Beyond a lease, until a claim certainly has ended."""

Seen = Callable[[], None]
"""Told of each block and letter that was looked at."""


@dataclass(slots=True)
class Found:
    """How much there is of a person, or was.

    Attributes:
        waiting: events in outboxes.
        held: events that wait for their time to enter one.
        dead_letters: the same, dead.
        being_sent: events in outboxes that workers still hold.
    """

    waiting: int = 0
    dead_letters: int = 0
    being_sent: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        """All that was erased, or would be."""
        return self.waiting + self.held + self.dead_letters


class _End(StrEnum):
    """What became of the attempt to erase from one block."""

    ERASED = "erased"
    GONE = "gone"
    HELD = "held"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class _Shared:
    """A block with events of the person.

    Attributes:
        block: as it stands.
        theirs: how many of its events are the person's.
        others: the other events.
    """

    block: StoredBlock
    theirs: int
    others: list[Any] = field(repr=False)

    def attempts(self, claims: int, tried: bytes) -> str:
        """What travels on with the others' events: all that the block has met."""
        history = History.read(tried, self.block.accepted_at)
        # Whoever died with it may have sent it before; the new block does not show that.
        return (history.doubted(self.block.accepted_at) if claims else history).write()


class Erasure:
    """Erases one person's events, or counts them.

    Args:
        redis: a connection.
        person: whose.
        lease_s: how long a claim is alive without being settled.
        clock: seconds.
        wait: for so many seconds.
    """

    def __init__(
        self,
        redis: Redis,
        person: Person,
        *,
        lease_s: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._backlog = Backlog(redis)
        self._letters = DeadLetters(redis)
        self._held_events = HeldEvents(redis)
        self._script = LuaScript(redis, "worker", "lib/unblocked", "lib/claims", "erase")
        self._person = person
        self._lease_s = lease_s
        self._clock = clock
        self._wait = wait
        self._looked: dict[str, str] = {}
        self._held: dict[tuple[str, str], int] = {}

    def steps(self) -> int:
        """How many blocks, letters and held events there are to look at, about."""
        blocks = self._backlog.length(self._backlog.destinations())
        return blocks + len(self._letters) + len(self._held_events)

    def count(self, seen: Seen) -> Found:
        """How much there is of the person now; nothing is changed."""
        blocks = (
            shared
            for name in self._backlog.destinations()
            for shared in self._shared(_noting(self._backlog.blocks(name), seen))
        )
        waiting = sum(shared.theirs for shared in blocks)
        letters = sum(1 for _ in _letters_of(self._letters, self._person, seen))
        return Found(waiting, letters, held=sum(1 for _ in self._theirs_held(seen)))

    def run(self, found: Found, seen: Seen) -> None:
        """Erase all of it.

        Args:
            found: told as it goes, so that it is right however this ends.
            seen: told of every block and letter that was looked at.

        Raises:
            redis.RedisError: the server did not answer, or refused; it can be run again.
        """
        for _ in range(MAX_ROUNDS):
            before = found.total
            # First: what is released meanwhile is found waiting.
            found.held += sum(map(self._held_events.erase, self._theirs_held(seen)))
            self._erase_waiting(found, seen)
            self._erase_letters(found, seen)
            if found.total == before:
                return

    def _erase_waiting(self, found: Found, seen: Seen) -> None:
        """What stands in outboxes, and for a lease what comes back from claims."""
        ends = self._clock() + self._lease_s + MARGIN_S
        self._erase_new(found, seen)
        while self._held and self._clock() < ends:
            self._wait(POLL_S)
            self._erase_held(found)
            self._erase_new(found, seen)

    def _erase_new(self, found: Found, seen: Seen) -> None:
        """From all blocks that were not looked at before."""
        for name in self._backlog.destinations():
            blocks = self._backlog.blocks(name, after=self._looked.get(name))
            for shared in self._shared(self._looking(_noting(blocks, seen))):
                self._erase_from(shared, found)

    def _erase_held(self, found: Found) -> None:
        """From those that a worker held the last time."""
        blocks = (self._backlog.block(*where) for where in list(self._held))
        still_there = [block for block in blocks if block is not None]
        self._held = {}
        for shared in self._shared(iter(still_there)):
            self._erase_from(shared, found)
        found.being_sent = sum(self._held.values())

    def _looking(self, blocks: Iterator[StoredBlock]) -> Iterator[StoredBlock]:
        for block in blocks:
            self._looked[block.destination] = block.id
            yield block

    def _shared(self, blocks: Iterator[StoredBlock]) -> Iterator[_Shared]:
        """Those blocks that have an event of the person, taken apart."""
        for block in blocks:
            json = _json(block.payload)
            if not self._person.may_be_in(json):
                continue
            events = _events(json)
            others = [event for event in events if not self._person.owns(event)]
            if len(others) < len(events):
                yield _Shared(block, len(events) - len(others), others)

    def _erase_from(self, shared: _Shared, found: Found) -> None:
        end, claims, tried = _End.CHANGED, 0, b""
        while end is _End.CHANGED:
            reply = self._ask(shared, claims, tried)
            end = _End(reply[0].decode())
            claims, tried = reply[1:] if end is _End.CHANGED else (claims, tried)
        if end is _End.ERASED:
            found.waiting += shared.theirs
        elif end is _End.HELD:
            self._held[shared.block.destination, shared.block.id] = shared.theirs
            found.being_sent = sum(self._held.values())

    def _ask(self, shared: _Shared, claims: int, tried: bytes) -> list[Any]:
        name, left = shared.block.destination, len(shared.others)
        reply = self._script(
            keys.of_blocks(name),
            [
                name,
                shared.block.id,
                round(self._lease_s * 1000),
                claims,
                tried,
                shared.theirs,
                left,
                packed_like(shared.block.payload, orjson.dumps(shared.others)) if left else b"",
                shared.attempts(claims, tried) if left else "",
            ],
        )
        return cast("list[Any]", reply)

    def _theirs_held(self, seen: Seen) -> Iterator[HeldBody]:
        for held in self._held_events:
            if self._person.may_be_in(held.body) and self._person.owns(orjson.loads(held.body)):
                yield held
            seen()

    def _erase_letters(self, found: Found, seen: Seen) -> None:
        # Found first and purged then: purging moves the pages that are being read.
        theirs = list(_letters_of(self._letters, self._person, seen))
        for first in range(0, len(theirs), PAGE):
            found.dead_letters += self._letters.purge(theirs[first : first + PAGE])


def _json(payload: bytes) -> bytes:
    """A block's JSON; nothing where it cannot be unpacked: nobody can send that either."""
    try:
        return unpacked(payload)
    except UnreadableBlock:
        return b""


def _events(json: bytes) -> list[Any]:
    """A block's events; what is no JSON array, which none of ours writes, has none."""
    try:
        events = orjson.loads(json)
    except orjson.JSONDecodeError:
        return []
    return events if isinstance(events, list) else []


def _noting(blocks: Iterator[StoredBlock], seen: Seen) -> Iterator[StoredBlock]:
    for block in blocks:
        yield block
        seen()


def _letters_of(letters: DeadLetters, person: Person, seen: Seen) -> Iterator[DeadLetter]:
    """The dead letters of a person."""
    for letter in letters:
        if person.owns(letter.body):
            yield letter
        seen()

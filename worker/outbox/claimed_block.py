"""A claimed block while its events are on their way: each ends once, then the block is settled.

A request carries events of several blocks and a block's events may travel in two requests,
so blocks fill requests to the brim. Each event ends as one of

    delivered           the API said code 0
    dead                with a letter of its own
    left                due again, with what the attempt met, or untried

and the block is closed, ready to be settled, when the last one has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from tiktok_events.outbox.packing import packed_like, unpacked
from worker.attempts.history import Attempt, History
from worker.letters.letter import DeadLetter
from worker.letters.record import Record
from worker.outbox.outbox import ClaimedBlock
from worker.outbox.settlement import BuriedEvent, LeftPart, MixedBlock, Settlement

SUSPECT_AFTER: Final = 4
"""Events that failed so often while others were taken travel apart, and in halves from then on;
one that is alone stands aside for a lease after each failure."""


@dataclass(slots=True)
class OpenBlock:
    """A claimed block and how its events end.

    Attributes:
        claimed: as it was claimed.
        history: what its earlier attempts met.
        lease_ends: when the claim does, on the monotonic clock.
        taken_at: when the API had last taken events of the destination, Unix seconds.
        size: how many events it holds.
        open: events that have not ended yet.
    """

    claimed: ClaimedBlock
    history: History
    lease_ends: float
    taken_at: float = 0.0
    size: int = field(init=False)
    open: int = field(init=False)
    _events: list[Any] | None = None
    _delivered: int = 0
    _dead: list[BuriedEvent] = field(default_factory=list)
    _left: list[tuple[int, int]] = field(default_factory=list)
    _met: dict[int, Attempt] = field(default_factory=dict)
    _doubtful: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.size = self.open = len(self.events)

    @classmethod
    def of(cls, claimed: ClaimedBlock, *, lease_ends: float, taken_at: float = 0.0) -> OpenBlock:
        """Decode a claimed block."""
        history = History.read(claimed.attempts, claimed.accepted_at)
        if claimed.claims > 1:
            # Whoever died with it may have sent it before, as soon as it stood here.
            history = history.doubted(claimed.accepted_at)
        return cls(claimed, history, lease_ends, taken_at)

    @property
    def events(self) -> list[Any]:
        """Its events, decoded."""
        if self._events is None:
            self._events = _decoded(self.claimed)
        return self._events

    def let_go(self) -> None:
        """Free the decoded events: a delivered one is not looked at again, and any other seldom.

        Decoded, they take several times the memory of their bytes, and the garbage collector
        walks through all of them while they wait for the answer.
        """
        self._events = None

    @property
    def closed(self) -> bool:
        """Whether every event has ended."""
        return self.open == 0

    def delivered(self, count: int = 1) -> None:
        """Some events were accepted."""
        self._delivered += count
        self.open -= count

    def dead(self, index: int, letter: DeadLetter) -> None:
        """One event died."""
        self._dead.append(BuriedEvent(str(index), Record.of(letter)))
        self.open -= 1

    def left(
        self, indexes: list[int], attempt: Attempt | None, *, ambiguous: bool = False, part: int = 0
    ) -> None:
        """Some events are due again.

        Args:
            indexes: which.
            attempt: what they met; ``None`` when they were not even sent.
            ambiguous: whether they may have been accepted unseen.
            part: events of different parts come back as different blocks.
        """
        apart = attempt is not None and self.is_outdone(attempt)
        if apart and part == 0 and len(indexes) > 1:
            middle = (len(indexes) + 1) // 2
            for number, half in enumerate((indexes[:middle], indexes[middle:]), 1):
                self._leave(half, attempt, ambiguous=ambiguous, part=number)
        else:
            self._leave(indexes, attempt, ambiguous=ambiguous, part=part)

    def is_outdone(self, attempt: Attempt, times: int = SUSPECT_AFTER) -> bool:
        """Whether with this attempt the events fail so often while others are taken."""
        return self._after(attempt).outdone >= times

    def _leave(
        self, indexes: list[int], attempt: Attempt | None, *, ambiguous: bool, part: int
    ) -> None:
        self._left += [(index, part) for index in indexes]
        if attempt is not None:
            self._met[part] = attempt
        if ambiguous:
            self._doubtful.add(part)
        self.open -= len(indexes)

    def _after(self, attempt: Attempt, *, ambiguous: bool = False) -> History:
        return self.history.after(attempt, ambiguous=ambiguous, taken_at=self.taken_at)

    def settle_into(self, settlement: Settlement) -> None:
        """Write a closed block's end into a settlement."""
        block = self.claimed
        if self._delivered == self.size:
            settlement.done.append((block.id, block.claims, self._delivered))
        elif len(self._left) == self.size and not any(part for _, part in self._left):
            attempts = self._history_of(0).write() if self._met else None
            aside = self.history.outdone >= SUSPECT_AFTER
            settlement.again.append((block.id, block.claims, attempts, aside))
        else:
            settlement.mixed.append(
                MixedBlock(block.id, block.claims, self._delivered, self._dead, self._left_parts())
            )

    def _left_parts(self) -> list[LeftPart]:
        parts: dict[int, list[int]] = {}
        for index, part in self._left:
            parts.setdefault(part, []).append(index)
        return [self._left_part(part, sorted(indexes)) for part, indexes in parts.items()]

    def _left_part(self, part: int, indexes: list[int]) -> LeftPart:
        events = self.events
        json = orjson.dumps([events[index] for index in indexes])
        payload = packed_like(self.claimed.payload, json)
        return LeftPart(len(indexes), payload, self._history_of(part).write())

    def _history_of(self, part: int) -> History:
        history = self.history
        if part in self._met:
            history = self._after(self._met[part], ambiguous=part in self._doubtful)
        return replace(history, suspect=history.suspect or part > 0)


def _decoded(claimed: ClaimedBlock) -> list[Any]:
    """A block's events; what is no JSON array, which none of ours writes, is so many nothings.

    They end as invalid dead letters instead of killing one worker after the other.
    """
    try:
        events = orjson.loads(unpacked(claimed.payload))
    except ValueError:
        events = None
    return events if isinstance(events, list) and events else [None] * claimed.events

"""A claimed block while its events are on their way: each ends once, then the block is settled.

A request carries events of several blocks and a block's events may travel in two requests,
so blocks fill requests to the brim. Each event ends as one of

    delivered           the API said code 0
    dead                with a letter of its own
    left                due again, with what they met, or unsent

and the block is closed, ready to be settled, when the last one has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from tiktok_events.event.identity import counted_name
from worker.attempts.history import History
from worker.letters.letter import DeadLetter
from worker.letters.record import Record
from worker.outbox.claim import ClaimedBlock
from worker.outbox.receipt import Ended
from worker.outbox.settlement import BuriedEvent, LeftPart, MixedBlock, Settlement
from worker.reporting.figures.cell import Cell, add, summed
from worker.reporting.figures.delivered import Part
from worker.reporting.figures.names import DEAD, DELIVERED, NO_NAME

SUSPECT_AFTER: Final = 4
"""Events that failed so often while others were taken travel apart, and in halves from then on;
one that is alone is postponed by a lease after each failure."""


@dataclass(slots=True)
class OpenBlock:
    """A claimed block and how its events end.

    Attributes:
        claimed: as it was claimed.
        history: what its earlier attempts met.
        lease_ends: when the claim does, on the monotonic clock.
        taken_at: when the API last accepted events of the destination, Unix seconds.
        size: how many events it holds.
        open: events that have not ended yet.
        closing: what makes its events harmless, if another producer has written them.
        noted: event name → remark → how often its events add to it.
    """

    claimed: ClaimedBlock
    history: History
    lease_ends: float
    taken_at: float = 0.0
    size: int = field(init=False)
    open: int = field(init=False)
    _postponed: bool = False
    closing: Callable[[Any], Any] | None = None
    noted: Cell = field(default_factory=dict)
    _events: list[Any] | None = None
    _delivered: int = 0
    _dead: list[BuriedEvent] = field(default_factory=list)
    _left: list[_Left] = field(default_factory=list)
    _salvaged: dict[str, int] = field(default_factory=dict)
    _ended: list[Ended] = field(default_factory=list)
    _counted: Cell = field(default_factory=dict)
    _accepted: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.size = self.open = len(self.events)

    @classmethod
    def of(cls, claimed: ClaimedBlock, *, lease_ends: float, taken_at: float = 0.0) -> OpenBlock:
        """Return the block with its events decoded."""
        history = History.read(claimed.attempts, claimed.accepted_at)
        if claimed.claims > 1:
            # Whoever died with it may have sent it before, as soon as it stood here.
            history = history.doubted(claimed.accepted_at)
        return cls(claimed, history, lease_ends, taken_at)

    @property
    def events(self) -> list[Any]:
        """Its decoded events."""
        if self._events is None:
            events = _decoded(self.claimed)
            self._events = list(map(self.closing, events)) if self.closing else events
        return self._events

    @property
    def is_fresh(self) -> bool:
        """Whether nobody has had it before: then its events count for the first time."""
        return self.claimed.claims == 1 and self.history.attempts == 0

    def close_with(self, closing: Callable[[Any], Any] | None) -> None:
        """Keep its events only as `closing` leaves them, if another producer has written them."""
        if closing is not None:
            self.closing, self._events = closing, None

    def let_go(self) -> None:
        """Free the decoded events: a delivered one is not looked at again, and any other seldom.

        Decoded, they take several times the memory of their bytes, and the garbage collector
        walks through all of them while they wait for the answer.
        """
        self._events = None

    @property
    def remarked(self) -> dict[str, int]:
        """Return remark → how often its events add to it."""
        return summed(self.noted)

    @property
    def closed(self) -> bool:
        """Whether every event has ended."""
        return self.open == 0

    def delivered(
        self,
        count: int = 1,
        *,
        salvaged: Iterable[str] = (),
        ended: Iterable[Ended] = (),
        counted: Part | None = None,
    ) -> None:
        """Note that some events were accepted.

        Args:
            count: how many.
            salvaged: the places of them that were mended or left out.
            ended: what their receipts are made of.
            counted: what they are counted by; by default, as many delivered without a name.
        """
        self._delivered += count
        for path in salvaged:
            self._salvaged[path] = self._salvaged.get(path, 0) + 1
        self._ended += ended
        if counted is None:
            add(self._counted, {NO_NAME: {DELIVERED: count}})
        else:
            self._accepted.append(counted)
        self.open -= count

    def dead(self, index: int, letter: DeadLetter) -> None:
        """Note that one event died."""
        self._dead.append(BuriedEvent(str(index), Record.of(letter)))
        add(self._counted, {counted_name(letter.event): {DEAD + letter.reason: 1}})
        self._ended.append(Ended.of_letter(letter))
        self.open -= 1

    def left(
        self, indexes: Sequence[int], history: History | None = None, *, group: int = 0
    ) -> None:
        """Note that some events are due again.

        Args:
            indexes: positions of the events in the block.
            history: with what they met; ``None`` when they were not sent.
            group: events of different groups come back as different blocks, under suspicion;
                0 is no group.
        """
        history = history or self.history
        outdone = history is not self.history and history.outdone >= SUSPECT_AFTER
        if outdone and not group and len(indexes) > 1:
            middle = (len(indexes) + 1) // 2
            self._leave(indexes[:middle], history, 1)
            self._leave(indexes[middle:], history, 2)
        else:
            self._leave(indexes, history, group)

    def postpone(self, index: int) -> None:
        """Make one event due again a lease later, untried: this process cannot judge it."""
        self._postponed = True
        self.left([index])

    def take_apart(self) -> None:
        """Make every event due again as a block of its own, unsent."""
        for index in range(self.size):
            self.left([index], group=index + 1)

    def _leave(self, indexes: Sequence[int], history: History, group: int) -> None:
        self.open -= len(indexes)
        for part in self._left:
            if part.group == group and part.history == history:
                part.indexes += indexes
                return
        self._left.append(_Left(list(indexes), history, group))

    def settle_into(self, settlement: Settlement) -> None:
        """Write a closed block's end into a settlement."""
        block = self.claimed
        if self._salvaged:
            settlement.salvaged[block.id] = self._salvaged
        if self._ended:
            settlement.ended[block.id] = self._ended
        if self.history.replayed:
            settlement.replayed[block.id] = self.history.replayed
        if self._counted:
            settlement.figures[block.id] = self._counted
        if self._accepted:
            # Its events know their block: kept here too, only the garbage collector would free it.
            settlement.accepted[block.id], self._accepted = self._accepted, []
        add(settlement.noted, self.noted)
        if self._delivered == self.size:
            settlement.done.append((block.id, block.claims, self._delivered))
        elif self._is_left_whole:
            postponed = self._postponed or self.history.outdone >= SUSPECT_AFTER
            settlement.again.append((block.id, block.claims, self._news(), postponed))
        else:
            left = [self._left_part(part) for part in self._left]
            settlement.mixed.append(
                MixedBlock(block.id, block.claims, self._delivered, self._dead, left)
            )

    @property
    def _is_left_whole(self) -> bool:
        first = self._left[0] if self._left else None
        return first is not None and not first.group and len(first.indexes) == self.size

    def _news(self) -> str | None:
        """Return the history to store with a block left whole, or ``None`` if Redis has it already.

        Settling sets the count of claims back to none. From then on the history alone tells
        that a worker died while it held the block, so it is stored after a second claim.
        """
        history = self._left[0].history
        known = history is self.history and self.claimed.claims == 1
        return None if known else history.write()

    def _left_part(self, left: _Left) -> LeftPart:
        events = self.events
        payload = orjson.dumps([events[index] for index in sorted(left.indexes)])
        suspect = self.history.suspect or left.group > 0
        return LeftPart(len(left.indexes), payload, replace(left.history, suspect=suspect).write())


@dataclass(slots=True)
class _Left:
    """Events that are due again together."""

    indexes: list[int]
    history: History
    group: int


def _decoded(claimed: ClaimedBlock) -> list[Any]:
    """Return a block's events; a payload that is no JSON array, which we never write, as `None`s.

    They end as invalid dead letters instead of killing one worker after the other.
    """
    try:
        events = orjson.loads(claimed.payload)
    except orjson.JSONDecodeError:
        events = None
    return events if isinstance(events, list) and events else [None] * claimed.events

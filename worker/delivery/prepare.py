"""Find the events of a claimed block that can be sent; the others become dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas import Finding
from tiktok_events.event.destination import Destination
from tiktok_events.event.identity import counted_name
from tiktok_events.event.remarks import REMARKS, counters_of
from tiktok_events.event.times import AHEAD, MOST_AHEAD_S, read_time
from worker.attempts.history import History
from worker.delivery.closing import Closing
from worker.delivery.salvaged import counted_paths
from worker.letters.dead_letters import DeadLetter, Reason
from worker.letters.ledger import thousandths_of
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.receipt import digest_of
from worker.reporting.figures.cell import Cell, add
from worker.settings import CONNECT_TIMEOUT_S, Settings

SHOWN_ERRORS: Final = 5
"""A dead letter's message tells so many errors; its path is that of the first one."""

IN_THE_FUTURE: Final = (Finding("event_time", AHEAD),)
NOTHING: Final = frozenset[str]()
TOO_LATE: Final = "too old to be sent before its window closes"
NEEDS_A_YES: Final = (
    "it may have been accepted more than 48 hours ago: sent again, it could be counted twice; "
    "a replay with --accept-duplicates sends it all the same"
)


@dataclass(slots=True, eq=False)
class Outgoing:
    """An event that is ready to be sent; not frozen, which would quadruple the cost of making it.

    Attributes:
        block: the block that holds it.
        index: its position in the block.
        encoded: JSON as it goes into `data`.
        expires_at: when it is too old to be sent, Unix seconds.
        salvaged: which places of it were mended or left out, as they are counted.
        name: name of the event.
        digest: of its id, for its receipt; empty if none is written.
        keys: its match keys.
        worth: its value, in thousandths of the currency; 0 if it has none.
        currency: of its value; empty if it has none.
    """

    block: OpenBlock
    index: int
    encoded: bytes
    expires_at: float
    salvaged: frozenset[str] = NOTHING
    name: str = ""
    digest: bytes = b""
    keys: tuple[str, ...] = ()
    worth: int = 0
    currency: str = ""

    @property
    def body(self) -> Any:
        """The event as it is in the block."""
        return self.block.events[self.index]


@dataclass(slots=True)
class Prepared:
    """What can be done with a block's events.

    Attributes:
        sendable: events that can be sent, in order.
        dead: place in the block and letter of each that cannot.
        closing: what makes the block's events harmless, where another producer wrote them.
        remarked: event name → counter → how often the events add to it, when they are settled
            first.
        postponed: places of events that this process cannot judge: they wait a lease.
        warnings: what validation let pass.
    """

    sendable: list[Outgoing] = field(default_factory=list)
    dead: list[tuple[int, DeadLetter]] = field(default_factory=list)
    postponed: list[int] = field(default_factory=list)
    closing: Callable[[Any], Any] | None = None
    remarked: Cell | None = None  # an empty one takes as long as the check of a field
    warnings: list[Finding] = field(default_factory=list)

    def note(self, event: Any, closing: Closing | None) -> None:
        """Note what our client has remarked on an event, or that it had to be closed here."""
        if closing is not None:
            self.closing = closing.close
        if remarks := Counter(counters_of(event)):
            self.remarked = self.remarked or {}
            add(self.remarked, {counted_name(event.get("event")): remarks})

    def salvaged(self, warnings: Sequence[Finding]) -> frozenset[str]:
        """Note what validation let pass, and return the places that it mended or left out."""
        self.warnings += warnings
        return counted_paths(warnings)

    def end_in(self, block: OpenBlock) -> list[Outgoing]:
        """End the dead events, postpone those nobody could judge, and return what can be sent."""
        block.close_with(self.closing)
        if self.remarked and block.is_fresh:
            block.noted = self.remarked
        for index, letter in self.dead:
            block.dead(index, letter)
        for index in self.postponed:
            block.postpone(index)
        return self.sendable


@dataclass(frozen=True, slots=True)
class Preparer:
    """Validates, ages and encodes the events of one destination.

    Attributes:
        destination: the one whose events are prepared.
        settings: for the windows.
        judges: whether this process may end an event because of an age; see `ServerClock`. If
            not, what is too old, and what may have been accepted unseen, is postponed.
        strict: whether an event ends for any key that cannot be used as it is.
    """

    destination: Destination
    settings: Settings
    judges: bool = True
    strict: bool = False

    def prepare(self, block: OpenBlock, *, now: float) -> Prepared:
        """Return what of a block can be sent and what is dead; change nothing.

        Args:
            block: open, with none of its events ended.
            now: Unix seconds.
        """
        prepared = Prepared()
        needs_a_yes = self._needs_a_yes(block.history, now)
        window_s, latest_end = self._window_s(), self._latest_end(now)
        latest_deadline = now + MOST_AHEAD_S + window_s
        closing = self._closing(block)
        for index, stored in enumerate(block.events):
            event, checked, json, foreign = closing.check(stored)
            if foreign or (type(event) is dict and REMARKS in event):
                prepared.note(event, closing if foreign else None)
            if checked.errors:
                prepared.dead.append((index, self._invalid(block, event, checked.errors, now)))
                continue
            salvaged = prepared.salvaged(checked.warnings) if checked.warnings else NOTHING
            known = checked.event
            expires_at = known["event_time"] + window_s
            if latest_end <= expires_at <= latest_deadline and not needs_a_yes:
                prepared.sendable.append(
                    self._outgoing(block, index, json, known, expires_at, salvaged)
                )
            elif not self.judges:
                prepared.postponed.append(index)
            else:
                prepared.dead.append((index, self._untimely(block, event, expires_at, now)))
        return prepared

    def _outgoing(
        self,
        block: OpenBlock,
        index: int,
        json: bytes,
        known: Mapping[str, Any],
        expires_at: float,
        salvaged: frozenset[str],
    ) -> Outgoing:
        """Return a valid event with what receipts and figures record of it."""
        user, properties = known.get("user"), known.get("properties")
        worth, currency = 0, ""
        if properties and "value" in properties and "currency" in properties:
            worth, currency = thousandths_of(properties["value"]), properties["currency"]
        return Outgoing(
            block,
            index,
            json,
            expires_at,
            salvaged,
            known["event"],
            digest_of(known["event_id"]) if self.settings.receipts else b"",
            tuple(user) if user else (),
            worth,
            currency,
        )

    def _closing(self, block: OpenBlock) -> Closing:
        source, is_closed = self.destination.event_source, block.claimed.is_closed
        return Closing(self.settings, source, self.strict, is_closed)

    def _needs_a_yes(self, history: History, now: float) -> bool:
        return history.needs_a_yes(now) if self.judges else history.ambiguous

    def _untimely(self, block: OpenBlock, event: Any, expires_at: float, now: float) -> DeadLetter:
        """Return the letter of a valid event that must not be sent any more, or not yet."""
        if expires_at < self._latest_end(now):
            return self._letter(block, event, Reason.EXPIRED, TOO_LATE, now)
        if expires_at > now + MOST_AHEAD_S + self._window_s():
            return self._invalid(block, event, IN_THE_FUTURE, now)
        return self._letter(block, event, Reason.EXHAUSTED, NEEDS_A_YES, now)

    def crash_loop(self, block: OpenBlock, *, now: float) -> DeadLetter:
        """Return the letter of the only event of a block that kills its workers."""
        message = f"{block.claimed.claims - 1} workers in a row died while they held this event"
        closing = Closing(self.settings, self.destination.event_source, self.strict)
        event = closing.close(block.events[0])
        return self._letter(block, event, Reason.CRASH_LOOP, message, now)

    def expires_at(self, event: Any, accepted_at: float) -> float:
        """Return until when the event is worth sending: its time and the window of its source.

        An event without a readable time can still be repaired. It happened before it was
        accepted, so the window begins then.

        Args:
            event: as it stands in its block.
            accepted_at: Unix seconds.
        """
        event_time = event.get("event_time") if isinstance(event, dict) else None
        if found := read_time(event_time):
            event_time = found.seconds
        if not isinstance(event_time, int | float) or isinstance(event_time, bool):
            event_time = accepted_at
        return event_time + self._window_s()

    def _window_s(self) -> float:
        return self.settings.window_s(self.destination.event_source)

    def _latest_end(self, now: float) -> float:
        """Return when an attempt that begins now could end; deadlines must be later."""
        return now + CONNECT_TIMEOUT_S + self.settings.request_timeout_s

    def _invalid(
        self, block: OpenBlock, event: Any, errors: Sequence[Finding], now: float
    ) -> DeadLetter:
        message = "; ".join(f"{error.path}: {error.message}" for error in errors[:SHOWN_ERRORS])
        return self._letter(block, event, Reason.INVALID, message, now, path=errors[0].path or None)

    def _letter(
        self,
        block: OpenBlock,
        event: Any,
        reason: Reason,
        message: str,
        now: float,
        *,
        path: str | None = None,
    ) -> DeadLetter:
        return DeadLetter.of(
            event,
            destination=self.destination.key,
            reason=reason,
            message=message,
            path=path,
            history=block.history,
            died_at=now,
            expires_at=self.expires_at(event, block.history.accepted_at),
        )

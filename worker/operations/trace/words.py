"""Say why an event is where it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from worker.letters.letter import DeadLetter, Reason
from worker.operations.destination_figures import Condition, DestinationFigures
from worker.outbox.receipt import End, Flag
from worker.outbox.receipt_lists import Receipt

OVERDUE_S: Final = 60.0
"""Seconds after which nobody can be looking: a worker looks within one second."""

_ADVICE: Final = {
    Reason.INVALID: "repair it: tiktok-events dead edit {id}, then dead replay {id}",
    Reason.REJECTED: "repair it: tiktok-events dead edit {id}, then dead replay {id}",
    Reason.EXHAUSTED: "look at its attempts: tiktok-events dead show {id}, then dead replay {id}",
    Reason.CRASH_LOOP: "report it, and keep it: tiktok-events dead show {id}",
    Reason.OVERSIZE: "send the event again from its source, smaller",
    Reason.UNREADABLE: "send the event again from its source",
}
_DUPLICATE: Final = (
    "it may have arrived over 48 hours ago: look in Events Manager, then "
    "tiktok-events dead replay {id} --accept-duplicates"
)
_TOO_LATE: Final = "none: it is too old to be sent; tiktok-events dead purge {id}"

_ENDS: Final = {
    End.DELIVERED: "the API accepted it",
    End.ERASED: "its data subject asked for it",
}
_GONE: Final = "it died, and its dead letter was purged"
PERHAPS_REPLAYED: Final = "it died, and its dead letter was purged, or was replayed and waits"
"""What is said if waiting events were not searched."""


def advice_on_letter(letter: DeadLetter, now: float) -> str:
    """Return what to do about a dead letter."""
    if letter.has_deadline and not letter.recoverable(now):
        return _TOO_LATE.format(id=letter.id)
    if letter.history().needs_a_yes(now):
        return _DUPLICATE.format(id=letter.id)
    reason = next((one for one in Reason if one == letter.reason), Reason.INVALID)
    return _ADVICE.get(reason, _TOO_LATE).format(id=letter.id)


def reason_of_end(receipt: Receipt) -> str:
    """Return why an event has ended."""
    words = [_ENDS.get(receipt.end, _GONE)]
    if receipt.end is End.DELIVERED and Flag.REPLAYED in receipt.flags:
        words.append("after a replay" + (" and a repair" if Flag.EDITED in receipt.flags else ""))
    if Flag.AMBIGUOUS in receipt.flags:
        words.append("an earlier attempt may have been accepted unseen")
    if Flag.SALVAGED in receipt.flags:
        words.append("without a field that could not be used as it was")
    return "; ".join(words)


@dataclass(frozen=True, slots=True)
class Standing:
    """The circumstances of a waiting event.

    Attributes:
        behind: how many events are before it.
        postponed: whether it is not sent before a lease has passed.
        suspect: whether it is quarantined.
        holder: the worker that has claimed it.
        figures: figures of its destination.
    """

    behind: int
    postponed: bool
    suspect: bool
    holder: str | None
    figures: DestinationFigures

    def reason(self, now: float) -> str:
        """Return why the event waits."""
        if self.holder is not None:
            return "a worker sends it, or is about to; if it dies, another does when the claim ends"
        condition = self.figures.condition(now)
        if condition is Condition.PARKED:
            return f"its destination is parked: {self.figures.parked}"
        if condition is Condition.BACKING_OFF:
            return f"its destination has failed {self.figures.failures:,} times in a row"
        if self.postponed:
            return "it made the API fail, or its age cannot be judged: it is due a lease later"
        apart = ", apart from others, because it may make the API fail" if self.suspect else ""
        ahead = f"{self.behind:,} events are before it" if self.behind else "it is the next"
        return ahead + apart

    def advice(self, now: float) -> str:
        """Return what to do about it."""
        name, due_at = self.figures.destination, self.figures.due_at
        if self.figures.parked is not None:
            return f"mend the cause, then: tiktok-events destinations resume {name}"
        if self.holder is None and (due_at is None or due_at < now - OVERDUE_S):
            return "no worker looks: is one running? tiktok-events doctor"
        return ""

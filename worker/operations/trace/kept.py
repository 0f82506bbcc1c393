"""The lives of events that ended or are held, from receipts, letters and delayed events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from worker.attempts.history import History
from worker.letters.letter import DeadLetter
from worker.operations.trace.life import Life, State, Step, What, in_order
from worker.operations.trace.words import advice_on_letter, reason_of_end
from worker.outbox.receipt import End, Flag
from worker.outbox.receipt_lists import Receipt

_STATES: Final = {End.DELIVERED: State.DELIVERED, End.ERASED: State.ERASED}
_WHATS: Final = {End.DELIVERED: What.DELIVERED, End.ERASED: What.ERASED}


def steps_of_history(history: History) -> Iterator[Step]:
    """Return what a block or a letter has met."""
    yield Step(at=history.accepted_at, what=What.ACCEPTED)
    yield from map(Step.of_attempt, history.log)
    for at in history.replays:
        yield Step(at=at, what=What.REPLAYED)
    yield from map(Step.of_edit, history.edits)


def life_of_letter(letter: DeadLetter, now: float) -> Life:
    """Return the life of a dead event."""
    died = Step(
        at=letter.died_at,
        what=What.DIED,
        verdict=letter.reason,
        code=letter.code,
        message=letter.message,
        request_id=letter.request_id,
        attempts=letter.attempts,
    )
    return Life(
        event_id=letter.event_id or "",
        event=letter.event,
        destination=letter.destination,
        state=State.DEAD,
        steps=in_order((*steps_of_history(letter.history()), died)),
        reason=f"{letter.reason}: {letter.message}",
        advice=advice_on_letter(letter, now),
        order_id=letter.order_id,
        letter=letter.id,
        expires_at=letter.expires_at if letter.has_deadline else None,
        ambiguous=letter.ambiguous,
    )


def lives_of_receipts(event_id: str, receipts: Sequence[Receipt]) -> Iterator[Life]:
    """Return the lives of the events of one id, by their receipts; the last one decides."""

    def identity(receipt: Receipt) -> tuple[str, str]:
        return receipt.destination, receipt.event or ""

    for _, of_one in groupby(sorted(receipts, key=identity), key=identity):
        some = list(of_one)
        last = some[-1]
        yield Life(
            event_id=event_id,
            event=last.event,
            destination=last.destination,
            state=_STATES.get(last.end, State.PURGED),
            steps=tuple(_steps_of_receipts(some)),
            reason=reason_of_end(last),
            ambiguous=Flag.AMBIGUOUS in last.flags,
            salvaged=Flag.SALVAGED in last.flags,
        )


def _steps_of_receipts(receipts: Sequence[Receipt]) -> Iterator[Step]:
    accepted = {one.accepted_at for one in receipts if one.end is not End.ERASED}
    for at in sorted(accepted)[:1]:
        yield Step(at=at, what=What.ACCEPTED)
    for one in receipts:
        yield Step(
            at=one.ended_at,
            what=_WHATS.get(one.end, What.DIED),
            verdict=one.end.name.lower() if one.end not in _WHATS else None,
            request_id=one.request_id,
            attempts=one.attempts,
        )


def life_of_delayed(destination: str, event: Any, due_at: float | None) -> Life:
    """Return the life of a delayed event."""
    known = event if isinstance(event, dict) else {}
    return Life(
        event_id=str(known.get("event_id", "")),
        event=str(known.get("event", "")) or None,
        destination=destination,
        state=State.DELAYED,
        steps=(),
        reason="it was tracked with a delay, and its time has not come",
        advice="nothing, or client.cancel(event_id) before it is released",
        due_at=due_at,
    )

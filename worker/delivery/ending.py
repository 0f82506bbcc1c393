"""How an event's part in a delivery ends: one value, computed once from all answers that it met.

Delivered    the last request that carried it was accepted
Dead         the last answer is about it alone, and no further request would change it
Again        anything else: it is due again, and remembers what it met
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from worker.attempts.history import Attempt, History
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.events_api import Exchange
from worker.delivery.isolation import Met
from worker.letters.letter import Reason

UNCLEAR_DELIVERIES: Final = 5
"""How many deliveries with meaningless answers an event gets before it is given up."""

EXHAUSTED_AFTER: Final = 30
"""An event that alone fails so often, while the API takes others, is given up: it is the cause.
Where nine of ten answers were failures by chance, one event of twenty would be."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The API accepted the event."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The event will not be sent again unless a person asks for it.

    Attributes:
        reason: why the event is dead.
        answer: the one that decided.
        history: with everything that it met.
    """

    reason: Reason
    answer: Answer
    history: History


@dataclass(frozen=True, slots=True)
class Again:
    """The event is due again.

    Attributes:
        history: with everything that it met.
        group: events of different groups are not to be sent together again; 0 is no group.
    """

    history: History
    group: int = 0


DELIVERED: Final = Delivered()
End = Delivered | Dead | Again


def end_of(met: Met[Any], history: History, *, taken_at: float, spared: bool = False) -> End:
    """Return how a delivery ends for events that met the same answers.

    Args:
        met: the requests that carried them in this delivery.
        history: history of the deliveries before it.
        taken_at: when the API last accepted other events of the destination, Unix seconds.
        spared: whether the destination is to blame, not its events.
    """
    verdict = met.answer.verdict
    if verdict is Verdict.DELIVERED:
        return DELIVERED
    history = history.after(*map(attempt_of, met.exchanges), taken_at=taken_at)
    if spared:
        return Again(history)
    if met.alone and verdict.leads_to.kills:
        return Dead(Reason.REJECTED, met.answer, history)
    if met.alone and _is_exhausted(verdict, history):
        return Dead(Reason.EXHAUSTED, met.answer, history)
    return Again(history, met.group)


def _is_exhausted(verdict: Verdict, history: History) -> bool:
    if verdict.leads_to.wears_out:
        return history.unclear >= UNCLEAR_DELIVERIES
    return verdict.leads_to.accuses and history.outdone >= EXHAUSTED_AFTER


def attempt_of(exchange: Exchange) -> Attempt:
    """Return a request as a history keeps it."""
    answer = exchange.answer
    return Attempt(
        at=exchange.started_at,
        verdict=answer.verdict,
        code=answer.code,
        duration_ms=round(exchange.duration_s * 1000),
        request_id=answer.request_id,
    )

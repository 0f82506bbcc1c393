"""Make the receipts of events that the API has accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from worker.delivery.events_api import Exchange
from worker.delivery.prepare import Outgoing
from worker.outbox.receipt import End, Ended, flags_of


@dataclass(frozen=True, slots=True)
class Carried:
    """What is the same for all events of some requests.

    Attributes:
        at: when the last request was answered, whole Unix seconds.
        request_id: request id of that answer.
        attempts: how many requests count, including the last one if it was accepted.
        doubtful: whether a request may have been accepted without our knowing.
    """

    at: int
    request_id: str | None
    attempts: int
    doubtful: bool

    @classmethod
    def by(cls, exchanges: Sequence[Exchange]) -> Self:
        """Of the requests of one delivery, in order."""
        last = exchanges[-1]
        leads_to = [one.answer.verdict.leads_to for one in exchanges]
        return cls(
            int(last.started_at + last.duration_s),
            last.answer.request_id,
            sum(one.spends for one in leads_to) + leads_to[-1].healthy,
            any(one.doubtful for one in leads_to),
        )


def accepted_by(
    events: Sequence[Outgoing], carried: Carried, *, salvaged: object
) -> Iterator[Ended]:
    """The end of events of one block, which the last of these requests delivered.

    Args:
        events: one or more.
        carried: what is the same for all of them.
        salvaged: whether anything of any of them was mended or left out.

    Yields:
        Nothing where no receipts are written.
    """
    if not events[0].digest:
        return
    if not salvaged:
        yield _accepted(events, carried, salvaged=False)
        return
    for is_salvaged in (True, False):
        if some := [event for event in events if bool(event.salvaged) is is_salvaged]:
            yield _accepted(some, carried, salvaged=is_salvaged)


def _accepted(events: Sequence[Outgoing], carried: Carried, *, salvaged: bool) -> Ended:
    history = events[0].block.history
    return Ended(
        End.DELIVERED,
        carried.at,
        history.accepted_at,
        carried.request_id,
        history.attempts + carried.attempts,
        flags_of(
            ambiguous=carried.doubtful or history.ambiguous,
            replayed=history.replays,
            edited=history.edits,
            salvaged=salvaged,
        ),
        [event.digest for event in events],
        [event.name for event in events],
    )

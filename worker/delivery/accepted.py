"""What the receipts are made of of events that the API has accepted."""

from __future__ import annotations

from collections.abc import Sequence

from worker.delivery.events_api import Exchange
from worker.delivery.prepare import Outgoing
from worker.outbox.receipt import End, Ended, flags_of


def accepted_by(events: Sequence[Outgoing], exchanges: Sequence[Exchange]) -> list[Ended]:
    """The end of events of one block.

    Args:
        events: one or more.
        exchanges: the requests that carried them in this delivery; the last was accepted.

    Returns:
        Nothing where no receipts are written.
    """
    if not events[0].digest:
        return []
    salvaged = [event for event in events if event.salvaged]
    if not salvaged:
        return [_accepted(events, exchanges, salvaged=False)]
    plain = [event for event in events if not event.salvaged]
    ended = [_accepted(salvaged, exchanges, salvaged=True)]
    return [_accepted(plain, exchanges, salvaged=False), *ended] if plain else ended


def _accepted(
    events: Sequence[Outgoing], exchanges: Sequence[Exchange], *, salvaged: bool
) -> Ended:
    history, last = events[0].block.history, exchanges[-1]
    leads_to = [one.answer.verdict.leads_to for one in exchanges]
    return Ended(
        End.DELIVERED,
        last.started_at + last.duration_s,
        history.accepted_at,
        last.answer.request_id,
        history.attempts + sum(one.spends for one in leads_to) + 1,
        flags_of(
            ambiguous=history.ambiguous or any(one.doubtful for one in leads_to),
            replayed=history.replays,
            edited=history.edits,
            salvaged=salvaged,
        ),
        [event.digest for event in events],
        [event.name for event in events],
    )

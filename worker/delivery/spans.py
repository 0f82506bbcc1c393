"""The span of a request: what it carries, and which calls of `track` it is linked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from tiktok_events.event.destination import Destination
from worker.attempts.verdict import Answer
from worker.delivery.events_api import Exchange
from worker.delivery.prepare import Outgoing
from worker.reporting.tracing import MOST_LINKS, Parcel, Tracer


def parcel_of(
    destination: Destination, events: Sequence[Outgoing], size_bytes: int, now: float
) -> Parcel:
    """Return what a request carries.

    Args:
        destination: destination of the request.
        events: one or more.
        size_bytes: size of its body.
        now: Unix seconds.
    """
    history = events[0].block.history
    blocks = list({id(event.block): event.block.claimed for event in events}.values())
    return Parcel(
        destination.key,
        len(events),
        size_bytes,
        list(islice(_distinct(block.context for block in blocks), MOST_LINKS)),
        next(_distinct(block.sentry_context for block in blocks), None),
        max(now - history.accepted_at, 0.0),
        history.attempts,
    )


def traced(tracers: Sequence[Tracer], send: Callable[[], Exchange], parcel: Parcel) -> Exchange:
    """Send within a span of each tracer."""
    exchanges: list[Exchange] = []

    def answered() -> Answer:
        exchanges.append(send())
        return exchanges[-1].answer

    step: Callable[[], Answer] = answered
    for tracer in tracers:
        step = partial(tracer.around, step, parcel)
    step()
    return exchanges[-1]


def _distinct(contexts: Iterable[str | None]) -> Iterator[str]:
    return iter(dict.fromkeys(context for context in contexts if context))

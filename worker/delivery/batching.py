"""Fill requests up to the limit by count, and never over the limit by bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

import orjson

from tiktok_events.event.destination import Destination


class Encoded(Protocol):
    """Something with JSON bytes."""

    @property
    def encoded(self) -> bytes:
        """JSON of one event."""


E = TypeVar("E", bound=Encoded)

ENVELOPE_BYTES: Final = 1_280
"""Kept free in a request for what stands around the events: both ids at their longest (128
characters of up to four bytes) and the names of the fields."""


def full_batches(
    events: Sequence[E], *, max_events: int, max_bytes: int
) -> tuple[list[list[E]], list[E]]:
    """Cut events, in order, into batches that are full, and the rest that is not.

    An event that exceeds ``max_bytes`` by itself gets a batch of its own.

    Args:
        events: in the order in which they are sent.
        max_events: of one request.
        max_bytes: of one request, envelope included.
    """
    batches: list[list[E]] = []
    batch: list[E] = []
    size = ENVELOPE_BYTES
    for event in events:
        if batch and (len(batch) == max_events or size + len(event.encoded) + 1 > max_bytes):
            batches.append(batch)
            batch, size = [], ENVELOPE_BYTES
        batch.append(event)
        size += len(event.encoded) + 1
    if len(batch) == max_events:
        return [*batches, batch], []
    return batches, batch


def request_body(destination: Destination, events: Sequence[Encoded]) -> bytes:
    """The request's JSON.

    Source: portal page 1771101303285761: `event_source` and `event_source_id` on the top
    level, the events in `data`; `test_event_code` on the top level as in
    github.com/tiktok/gtm-template-eapi (read 2026-11-22).
    """
    head = {
        "event_source": destination.event_source,
        "event_source_id": destination.event_source_id,
    }
    if destination.test_event_code is not None:
        head["test_event_code"] = destination.test_event_code
    data = b",".join([event.encoded for event in events])
    return b"".join((orjson.dumps(head)[:-1], b',"data":[', data, b"]}"))

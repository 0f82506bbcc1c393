"""Turn a dead letter back into an event as an application would give it."""

from __future__ import annotations

from typing import Any

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import Destination
from worker.letters.letter import DeadLetter


def laid_open(letter: DeadLetter) -> dict[str, Any]:
    """Return the event of a letter with its destination in it, as an application gives it."""
    try:
        fields = fields_of(Destination.from_key(letter.destination))
    except InvalidDestination:
        fields = {}
    return {**fields, **letter.body}


def fields_of(destination: Destination) -> dict[str, Any]:
    """Return the fields by which an event names its destination."""
    fields = {
        "event_source": destination.event_source,
        "event_source_id": destination.event_source_id,
    }
    code = destination.test_event_code
    return fields if code is None else fields | {"test_event_code": code}

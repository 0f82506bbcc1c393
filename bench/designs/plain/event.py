"""What every usual design does with an event: hash, validate, and make a request of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.designs.plain.match_keys import hashed
from bench.designs.plain.schema import PlainEvent

DESTINATION = ("event_source", "event_source_id", "test_event_code")
SCHEMA = PlainEvent()

Event = dict[str, Any]


def prepared(event: Event) -> Event:
    """Return the event hashed and validated, its destination still beside it.

    Raises:
        marshmallow.ValidationError: it is not one that the API takes.
    """
    loaded: Event = SCHEMA.load({**event, "user": hashed(event.get("user", {}))})
    if "ip" in loaded["user"]:
        loaded["user"]["ip"] = str(loaded["user"]["ip"])
    return loaded


def request_bodies(events: Iterable[Event]) -> list[Event]:
    """Return one request for each destination of these prepared events."""
    bodies: dict[tuple[Any, ...], Event] = {}
    for event in events:
        destination = {key: event.pop(key) for key in DESTINATION if key in event}
        body = bodies.setdefault(tuple(destination.values()), {**destination, "data": []})
        body["data"].append(event)
    return list(bodies.values())


def request_body(event: Event) -> Event:
    """Return a request of a single event, prepared."""
    return request_bodies([prepared(event)])[0]

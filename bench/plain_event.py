"""What every usual design does with an event: normalise, hash, validate, and make a request of it.

It runs in the environments of the peers, so it imports nothing of ours.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import phonenumbers
from plain_schema import PlainEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REGION = "DE"
"""Of phone numbers without a country code, as ``worker.local.samples.people`` writes them."""

DIGEST = re.compile(r"[A-Fa-f0-9]{64}")
DESTINATION = ("event_source", "event_source_id", "test_event_code")
SCHEMA = PlainEvent()

Event = dict[str, Any]


def phone(text: str) -> str:
    """Return the number in E.164."""
    number = phonenumbers.parse(text, REGION)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


NORMALISE: dict[str, Callable[[str], str]] = {
    "email": lambda text: text.strip().lower(),
    "phone": phone,
    "external_id": str.strip,
    "first_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "last_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "zip_code": lambda text: re.sub(r"[\s-]", "", text.lower()),
}


def digest(key: str, text: str) -> str:
    """Return the hash of the normalised text; what is one already passes."""
    if DIGEST.fullmatch(text):
        return text
    return sha256(NORMALISE[key](text).encode()).hexdigest()


def hashed(user: dict[str, Any]) -> dict[str, Any]:
    """Return the match keys with the personal ones hashed."""
    result = dict(user)
    for key in NORMALISE.keys() & user.keys():
        value = user[key]
        if isinstance(value, list):
            result[key] = [digest(key, text) for text in value]
        else:
            result[key] = digest(key, value)
    return result


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

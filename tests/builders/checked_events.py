"""Events that the schemas pass, to be spoilt in one place, and what a check says of them."""

from __future__ import annotations

import copy
from typing import Any

from schemas import Checked
from tiktok_events.event.readings import WAS_EMPTY

DIGEST = "0123456789abcdef" * 4
ABSENT = object()
CONTENT_TYPES = "must be one of product, product_group, hotel, flight, destination, vehicle"
EMPTY_OUT = (None, WAS_EMPTY)

WEB: dict[str, Any] = {
    "event": "Purchase",
    "event_time": 1767225600,
    "event_id": "ord-1001",
    "user": {
        "email": [DIGEST],
        "phone": DIGEST.upper(),
        "external_id": [DIGEST, DIGEST],
        "ttclid": "E.C.P.made-up",
        "ttp": "made-up",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "locale": "de-DE",
        "country": "de",
    },
    "properties": {
        "currency": "EUR",
        "value": 59.98,
        "order_id": "1001",
        "content_type": "product",
        "contents": [
            {"content_id": "sku-1", "price": 29.99, "quantity": 2, "content_name": "Tasse ☕"}
        ],
    },
    "page": {"url": "https://shop.example/thanks?x=1", "referrer": "https://shop.example/pay"},
}

MINIMAL: dict[str, dict[str, Any]] = {
    "web": {"event": "Lead", "page": {"url": "https://shop.example/"}},
    "app": {"event": "Login", "app": {"app_id": "123456"}},
    "offline": {"event": "Purchase"},
    "crm": {"event": "Lead", "lead": {"lead_id": "7001"}},
}


def minimal(event_source: str) -> dict[str, Any]:
    """Return the least that an event of this source needs, and a match key."""
    common = {"event_time": 1767225600, "event_id": "id-1", "user": {"email": DIGEST}}
    return copy.deepcopy(common | MINIMAL[event_source])


def web_with(path: str, value: Any) -> dict[str, Any]:
    """Return the web event with one value set."""
    event = copy.deepcopy(WEB)
    *way, last = path.split(".")
    place: Any = event
    for step in way:
        place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
    place[int(last) if last.isdigit() else last] = value
    return event


def at(event: Any, path: str) -> Any:
    """Return the value at a path, or None."""
    for step in path.split("."):
        try:
            event = event[int(step)] if isinstance(event, list) else event[step]
        except (KeyError, IndexError):
            return None
    return event


def errors_of(checked: Checked) -> list[tuple[str, str]]:
    """Return the errors as pairs."""
    return [(finding.path, finding.message) for finding in checked.errors]


def warnings_of(checked: Checked) -> list[tuple[str, str]]:
    """Return the warnings as pairs."""
    return [(finding.path, finding.message) for finding in checked.warnings]

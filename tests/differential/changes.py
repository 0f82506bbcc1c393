"""One event that has everything, and what becomes of it when some places are changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final

DIGEST: Final = "0123456789abcdef" * 4
MISSING: Final = object()
"""In the place of a value: there is none."""

FULL: Final[dict[str, Any]] = {
    "event": "Purchase",
    "event_time": 1767225600,
    "event_id": "ord-1001",
    "user": {
        "email": [DIGEST],
        "phone": DIGEST,
        "external_id": [DIGEST, DIGEST],
        "ttclid": "E.C.P.made-up",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "locale": "de-DE",
        "country": "de",
        "att_status": "DENIED",
    },
    "properties": {
        "currency": "EUR",
        "value": 59.98,
        "num_items": 3,
        "order_id": "1001",
        "content_type": "product",
        "content_ids": ["sku-1", "sku-2"],
        "contents": [
            {"content_id": "sku-1", "price": 29.99, "quantity": 2, "content_name": "Tasse ☕"},
            {"content_id": "sku-2", "price": 5},
        ],
        "travel_class": "eco",
        "mileage": {"value": 1, "unit": "KM"},
        "preferred_price_range": [1, 2],
    },
    "page": {"url": "https://shop.example/thanks?x=1", "referrer": "https://shop.example/pay"},
    "app": {"app_id": "1", "app_name": "Shop"},
    "lead": {"lead_id": "7001"},
    "ad": {"callback": "x", "attributed": True},
    "device": {"model": "Pixel", "mobile": True},
    "limited_data_use": False,
}

Path = tuple[Any, ...]


def places(value: Any, beside: Sequence[str] = (), path: Path = ()) -> Iterator[Path]:
    """Every place inside an event, and in each of its objects these keys, too."""
    keys = (*value, *beside) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*path, key)
        inner = value.get(key) if isinstance(value, dict) else value[key]
        if isinstance(inner, dict | list):
            yield from places(inner, beside, (*path, key))


def changed(event: dict[str, Any], changes: Sequence[tuple[Path, Any]]) -> Any:
    """The event with some places replaced, added or, by `MISSING`, removed: what exists of them."""
    event = copy.deepcopy(event)
    for (*way, last), value in changes:
        place: Any = event
        for step in way:
            place = place[step] if _holds(place, step) and _has(place, step) else None
        if isinstance(place, dict) and value is MISSING:
            place.pop(last, None)
        elif value is not MISSING and _holds(place, last):
            place[last] = copy.deepcopy(value)
    return event


def _holds(place: Any, key: Any) -> bool:
    if isinstance(place, list):
        return isinstance(key, int) and key < len(place)
    return isinstance(place, dict) and isinstance(key, str)


def _has(place: Any, key: Any) -> bool:
    return isinstance(place, list) or key in place

"""The part of an event that the browser reports too.

The values are those that the server sends: ids as strings, a single content as a list of one,
amounts as plain numbers, a currency as its code.

Source: https://github.com/tiktok/gtm-template-pixel ``template.js``,
https://github.com/segmentio/action-destinations ``tiktok-pixel`` (shop, travel and vehicle
fields) and https://ads.tiktok.com/help/article/about-parameters (all read 2026-11-30).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import orjson

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.readings import read, readable_name
from tiktok_events.event.remarks import Remarks
from tiktok_events.event.stray_addresses import may_hold_address, without_addresses
from tiktok_events.types import Content, Properties

PROPERTIES: Final = tuple(Properties.__annotations__)
"""What the Pixel is told: what the API knows. Match keys are not among them."""

CONTENT: Final = tuple(Content.__annotations__)

_PARTS: Final = {"contents": CONTENT, "mileage": ("value", "unit")}
_IDS: Final = frozenset(
    {"content_id", "content_ids", "order_id", "shop_id", "destination_ids", "suggested_hotels"}
)
_READINGS: Final = {
    **dict.fromkeys(("value", "price", "predicted_ltv", "user_score"), "amount"),
    **dict.fromkeys(("num_items", "num_adults", "num_children", "num_infants", "year"), "count"),
    "quantity": "quantity",
    "currency": "currency",
}
"""Where a text has one safe reading, the worker sends that."""

IDENTIFY: Final = {"email": "email", "phone": "phone_number", "external_id": "external_id"}
"""Match key → its name in ``ttq.identify``.

Source: https://business-api.tiktok.com/portal/docs?id=1739585700402178 as GTM's template has it,
https://github.com/tiktok/gtm-template-pixel (read 2026-11-30).
"""


def browser_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Name, id and properties of an event for the Pixel, as JSON values; again an event.

    Raises:
        InvalidEvent: no name, no id, or a property that JSON cannot express; ``path`` tells which.
    """
    told: dict[str, Any] = {
        "event": browser_name(event),
        "event_id": browser_event_id(event),
        "properties": browser_properties(event),
    }
    if event.get("limited_data_use"):
        told["limited_data_use"] = True
    try:
        held = may_hold_address(orjson.dumps(told))
    except orjson.JSONEncodeError:  # half a character, or a whole number that needs more bits
        held = True
    remarks: Remarks = []
    return without_addresses(told, remarks) if held else told


def digests_of(sent: Mapping[str, Any]) -> dict[str, str]:
    """The digests of who the visitor is that ``ttq.identify`` takes, one of each match key.

    Args:
        sent: an event whose match keys are hashed.
    """
    user = sent.get("user") or {}
    given = ((key, user.get(key)) for key in IDENTIFY)
    first = ((key, value[0] if isinstance(value, list) else value) for key, value in given if value)
    return {key: value for key, value in first if isinstance(value, str)}


def identified(digests: Mapping[str, str]) -> dict[str, str]:
    """Digests by the names that ``ttq.identify`` has for them."""
    return {name: digests[key] for key, name in IDENTIFY.items() if key in digests}


def browser_name(event: Mapping[str, Any]) -> str:
    """The event's name.

    Raises:
        InvalidEvent: it has none.
    """
    name = event.get("event")
    if not (found := readable_name(name.value if isinstance(name, Enum) else name)):
        raise InvalidEvent("must be the name of the event", path="event")
    return found


def browser_event_id(event: Mapping[str, Any]) -> str:
    """The id that both channels share.

    Raises:
        InvalidEvent: it has none, so TikTok would count the event twice.
    """
    event_id = _id_text(event.get("event_id"))
    if not isinstance(event_id, str) or not event_id.strip():
        raise InvalidEvent("must be the id that the server reports the event by", path="event_id")
    return event_id.strip()


def browser_properties(event: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the Pixel takes, as JSON values.

    Raises:
        InvalidEvent: JSON cannot express one of them; ``path`` tells which.
    """
    return _object(event.get("properties"), PROPERTIES, "properties")


def _object(given: Any, names: tuple[str, ...], path: str) -> dict[str, Any]:
    """The known names that have a value: the worker leaves out what is empty as well."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidEvent(f"must be a dict, not {type(given).__name__}", path=path)
    found = ((name, given.get(name)) for name in names)
    told = ((n, _value(n, value, f"{path}.{n}")) for n, value in found if not _is_empty(value))
    return {name: value for name, value in told if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _value(name: str, value: Any, path: str) -> Any:
    if name == "contents":
        return _contents(value, path)
    if name in _PARTS:
        return _object(value, _PARTS[name], path)
    if isinstance(value, list | tuple):
        return [_scalar(name, item, path) for item in value]
    return _scalar(name, value, path)


def _contents(given: Any, path: str) -> list[dict[str, Any]]:
    items = [given] if isinstance(given, Mapping) else given
    if not isinstance(items, list | tuple):
        raise InvalidEvent("must be a list", path=path)
    return [_object(item, CONTENT, f"{path}.{number}") for number, item in enumerate(items)]


def _scalar(name: str, value: Any, path: str) -> str | int | float | None:
    value = value.value if isinstance(value, Enum) else value
    value = _id_text(value) if name in _IDS else _as_read(name, value)
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, str | int | float) and is_finite):
        return value
    raise InvalidEvent(f"cannot be given to the Pixel: {type(value).__name__}", path=path)


def _as_read(name: str, value: Any) -> Any:
    """A text's one safe reading; nothing where it has none and must not be a text."""
    kind = _READINGS.get(name)
    if kind is None or not isinstance(value, str):
        return value
    if kind == "currency" and value.isalpha():
        return value.upper()
    reading = read(kind, value)
    return reading.value if reading else None


def _id_text(value: Any) -> Any:
    """An id is text, also where the shop counts its products or orders."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole or isinstance(value, UUID) else value

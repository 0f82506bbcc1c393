"""Compute the part of an event that the browser reports too.

The values are those that the server sends: ids as strings, a single content as a list of one,
amounts as plain numbers, a currency as its code.

Source: https://github.com/tiktok/gtm-template-pixel ``template.js``,
https://github.com/segmentio/action-destinations ``tiktok-pixel`` (shop, travel and vehicle
fields) and https://ads.tiktok.com/help/article/about-parameters (all read 2026-11-30).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeGuard, get_args, get_type_hints
from uuid import UUID

import orjson

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.readings import read, readable_name
from tiktok_events.event.remarks import Remarks
from tiktok_events.event.stray_addresses import may_hold_address, without_addresses
from tiktok_events.types import Content, ContentType, Mileage, Properties
from tiktok_events.types.properties import DeliveryCategory
from tiktok_events.types.travel import TravelClass
from tiktok_events.types.vehicle import VehicleState

PROPERTIES: Final = frozenset(Properties.__annotations__)
"""The properties that the Pixel gets: those that the API knows, without match keys."""

CONTENT: Final = frozenset(Content.__annotations__)

_PARTS: Final = {"mileage": frozenset(Mileage.__annotations__)}
_KINDS: Final = {
    **dict.fromkeys(("value", "price", "predicted_ltv", "user_score"), "amount"),
    **dict.fromkeys(("num_items", "num_adults", "num_children", "num_infants"), "count"),
    **dict.fromkeys(("year", "preferred_num_stops"), "count"),
    **dict.fromkeys(("content_type", "travel_class", "state_of_vehicle"), "choice"),
    **dict.fromkeys(("delivery_category", "unit"), "choice"),
    "preferred_price_range": "amount",
    "quantity": "quantity",
    "currency": "currency",
}
"""Properties that are no text, with how the worker reads them."""

_OPTIONS: Final = {
    "content_type": get_args(ContentType),
    "travel_class": get_args(TravelClass),
    "state_of_vehicle": get_args(VehicleState),
    "delivery_category": get_args(DeliveryCategory),
    "unit": get_args(get_type_hints(Mileage)["unit"]),
}
_WORDS: Final = frozenset(
    {"transmission", "body_style", "fuel_type", "drivetrain", "condition_of_vehicle"}
    | {"customer_type"}
)
"""Properties that are usually a word of a list, and never a number."""

_is_digest: Final = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_LISTS: Final = frozenset(
    {"content_ids", "suggested_hotels", "destination_ids", "suggested_destinations"}
)
_RANGE: Final = "preferred_price_range"
_ENDS: Final = 2

IDENTIFY: Final = {"email": "email", "phone": "phone_number", "external_id": "external_id"}
"""Match key → its name in ``ttq.identify``.

Source: https://business-api.tiktok.com/portal/docs?id=1739585700402178 as GTM's template has it,
https://github.com/tiktok/gtm-template-pixel (read 2026-11-30).
"""


def browser_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, id and properties of an event for the Pixel, as an event of JSON values.

    Raises:
        InvalidEvent: the event has no name or no id.
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
    except orjson.JSONEncodeError:  # half a surrogate pair, or a whole number of more than 64 bits
        held = True
    remarks: Remarks = []
    return without_addresses(told, remarks) if held else told


def digests_of(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests that ``ttq.identify`` takes, one of each match key.

    Args:
        sent: an event whose match keys are hashed.
    """
    user = sent.get("user") or {}
    given = ((key, user.get(key)) for key in IDENTIFY)
    first = ((key, value[0] if isinstance(value, list) else value) for key, value in given if value)
    return {key: value for key, value in first if isinstance(value, str)}


def identified(digests: Any) -> dict[str, str]:
    """Return digests under the names that ``ttq.identify`` has for them; pages get no others."""
    given = digests if isinstance(digests, Mapping) else {}
    found = {name: given.get(key) for key, name in IDENTIFY.items()}
    return {name: one for name, one in found.items() if isinstance(one, str) and _is_digest(one)}


def browser_name(event: Mapping[str, Any]) -> str:
    """Return the event's name.

    Raises:
        InvalidEvent: it has none.
    """
    name = event.get("event")
    if not (found := readable_name(name.value if isinstance(name, Enum) else name)):
        raise InvalidEvent("must be the name of the event", path="event")
    return found


def browser_event_id(event: Mapping[str, Any]) -> str:
    """Return the id that both channels share.

    Raises:
        InvalidEvent: it has none, so TikTok would count the event twice.
    """
    event_id = _id_text(event.get("event_id"))
    if not isinstance(event_id, str) or not event_id.strip():
        raise InvalidEvent("must be the id that the server reports the event by", path="event_id")
    return event_id.strip()


def browser_properties(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that the Pixel takes, as JSON, without what the worker would drop."""
    return _object(event.get("properties"), PROPERTIES)


def _object(given: Any, names: frozenset[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return {}
    found = ((name, _value(name, value)) for name, value in given.items() if name in names)
    return {name: value for name, value in found if value is not None and value != ""}


def _value(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if name == "contents":
        items = _items(value, Mapping)
        return items and [_object(item, CONTENT) for item in items if isinstance(item, Mapping)]
    if name in _PARTS:
        alone = _items(value, Mapping) or []
        is_object = len(alone) == 1 and isinstance(alone[0], Mapping)
        return _object(alone[0], _PARTS[name]) if is_object else None
    if name in _LISTS:
        items = _items(value, (str, int, float))
        return items and [told for item in items if (told := _scalar(name, item))]
    return _range(value) if name == _RANGE else _scalar(name, value)


def _items(value: Any, kind: Any) -> list[Any] | None:
    """Return the items of a list; a single item of its kind counts as a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    return [value] if isinstance(value, kind) and not isinstance(value, bool) else None


def _range(value: Any) -> list[Any] | None:
    """Return a range of two amounts, or nothing."""
    ends = [_scalar(_RANGE, item) for item in _items(value, list) or ()]
    return ends if len(ends) == _ENDS and None not in ends else None


def _scalar(name: str, value: Any) -> Any:
    value = value.value if isinstance(value, Enum) else value
    if name not in _KINDS:
        text = value if name in _WORDS else _id_text(value)
        return text.strip() if isinstance(text, str) else None
    if isinstance(value, str):
        return _reading(name, value)
    if isinstance(value, Decimal) and value.is_finite():
        value = int(value) if value.as_tuple().exponent == 0 else float(value)
    return value if _is_figure(value) and _fits(name, value) else None


def _is_figure(value: Any) -> TypeGuard[int | float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _fits(name: str, figure: float) -> bool:
    kind = _KINDS[name]
    return kind in {"amount", "quantity"} or (kind == "count" and figure == int(figure))


def _reading(name: str, text: str) -> Any:
    """Return the one safe reading of a text, or nothing if it has none."""
    options = _OPTIONS.get(name, ())
    if text in options:
        return text
    if name == "currency" and text.isalpha():
        return text.upper()
    reading = read(_KINDS[name], text, options)
    return reading.value if reading else None


def _id_text(value: Any) -> Any:
    """Return an id as text, even where the shop numbers its products or orders."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole or isinstance(value, UUID) else value

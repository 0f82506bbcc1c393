"""Translate other interfaces' names for the parts of an event, which stand here as data.

Sources (read 2026-11-30): Events API 1.0, ``PixelTrackBody`` of
https://github.com/tiktok/tiktok-business-api-sdk; Meta's Conversions API,
https://developers.facebook.com/docs/marketing-api/conversions-api/parameters; GA4,
https://developers.google.com/analytics/devguides/collection/ga4/reference/events; Segment,
https://segment.com/docs/connections/spec/ecommerce/v2/; and what public connectors send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tiktok_events.event.destination import is_blank
from tiktok_events.event.key_names import EVENT_KEYS, squeezed
from tiktok_events.event.plain_event import OBJECTS
from tiktok_events.event.remarks import Remark, Remarks, shown
from tiktok_events.event.shapes import pair_meaning
from tiktok_events.types import Properties
from tiktok_events.types.travel import TravelProperties
from tiktok_events.types.vehicle import VehicleProperties


def _table(names: Mapping[str, str]) -> Mapping[str, str]:
    return {word: meant for meant, words in names.items() for word in words.split()}


_PLACES: Final = _table(
    {
        "event": "eventname eventtype",
        "event_time": "timestamp eventtimestamp",
        "event_id": "eventuuid messageid",
        "event_source_id": "pixelid",
        "properties": "customdata eventproperties params parameters",
        "page.url": "eventsourceurl pagelocation pageurl url",
        "page.referrer": "pagereferrer referrer referer referrerurl",
        "lead.lead_id": "leadid",
    }
)
"""Squeezed top-level name of an event → where API 2.0 has it."""

_OWN_PROPERTIES: Final = frozenset(
    Properties.__annotations__.keys()
    - TravelProperties.__annotations__.keys()
    - VehicleProperties.__annotations__.keys()
)
"""Names that have no other meaning at the top of an event."""

_ITEM_LISTS: Final = frozenset({"items", "products", "lineitems", "productlist", "contentitems"})
"""Squeezed names of lists that are read as ``contents``, if the event has no ``contents``."""

_ITEM_WORDS: Final = _table(
    {
        "content_id": "id itemid productid sku variantid contentid",
        "price": "itemprice unitprice contentprice",
        "quantity": "qty itemquantity",
        "content_name": "name title itemname productname contentname",
        "content_category": "category itemcategory productcategory producttype",
        "brand": "itembrand vendor productbrand",
    }
)


def translated(event: Mapping[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Return a copy of the event with the names of API 2.0 in their places.

    A part that stands under its own name is never replaced.

    Args:
        event: an event in the words of any interface; it is not changed.
        remarks: receives each name that was read as another.
    """
    read = dict(event)
    if isinstance(page := read.get("page"), str) and page:
        read["page"] = {"url": page}
        remarks.append(Remark.read_as("page", "page.url"))
    for key in event.keys() - EVENT_KEYS:
        place = _place(key, event[key])
        if place and _put(read, place, event[key]):
            del read[key]
            remarks.append(Remark.read_as(shown(key), place))
    _read_items(read, remarks)
    return read


def has_time(event: Mapping[Any, Any]) -> bool:
    """Return whether an event says when it happened, under any name."""
    return any(
        not is_blank(value) and (key == "event_time" or _place(key, value) == "event_time")
        for key, value in event.items()
    )


def _place(key: Any, value: Any) -> str | None:
    """Return where API 2.0 has a top-level key of an event."""
    word = squeezed(str(key))
    if key in _OWN_PROPERTIES:
        return f"properties.{key}"
    if word in _ITEM_LISTS and _are_items(value):
        return "properties.contents"
    return _PLACES.get(word)


def _put(event: dict[str, Any], place: str, value: Any) -> bool:
    """Put a value at a place, and return whether the place was free for it."""
    top, _, below = place.partition(".")
    if value in (None, ""):
        return False
    if not below:
        fits = isinstance(value, Mapping) == (top in OBJECTS)
        if event.get(top) in (None, "", {}, []) and fits:
            event[top] = value
            return True
        return False
    owner = event.get(top) or {}
    if not isinstance(owner, Mapping) or owner.get(below) not in (None, ""):
        return False
    event[top] = {**owner, below: value}
    return True


def _read_items(event: dict[str, Any], remarks: Remarks) -> None:
    """Read the products of the event, under any list's name and in any known words."""
    properties = event.get("properties")
    if not isinstance(properties, Mapping):
        return
    read = dict(properties)
    for key in properties:
        free = read.get("contents") in (None, "", [])
        if free and squeezed(str(key)) in _ITEM_LISTS and _are_items(read[key]):
            read["contents"] = read.pop(key)
            remarks.append(Remark.read_as(f"properties.{shown(key)}", "contents"))
    if _are_items(contents := read.get("contents")):
        items = [_as_content(item, remarks) for item in _listed(contents)]
        read["contents"] = items[0] if isinstance(contents, Mapping) else items
    event["properties"] = read


def _are_items(value: Any) -> bool:
    items = _listed(value)
    return bool(items) and all(isinstance(item, Mapping) for item in items)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _as_content(item: Mapping[Any, Any], remarks: Remarks) -> dict[Any, Any]:
    """Return a product in the words of ``contents``; of several names, the table's first wins."""
    read = dict(item)
    names = {squeezed(key): key for key in item if isinstance(key, str)}
    if pair_meaning(item):  # no product's name: the item is no product
        return read
    for word, meant in _ITEM_WORDS.items():
        key = names.get(word, meant)
        if key != meant and read.get(meant) in (None, "") and item[key] not in (None, ""):
            read[meant] = read.pop(key)
            remarks.append(Remark.read_as(f"properties.contents.{shown(key)}", meant))
    return read

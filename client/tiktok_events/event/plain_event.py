"""Whether an event is in the words of API 2.0 throughout; most are, so it is asked quickly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tiktok_events.event.key_names import DOCUMENTED, EVENT_KEYS
from tiktok_events.event.remarks import REMARKS

KNOWN: Final = EVENT_KEYS | {REMARKS}
OBJECTS: Final = ("properties", "page", "app", "ad", "lead", "device")
_USUAL: Final = KNOWN - {"app", "ad", "lead", "device", "limited_data_use"}
"""With one question less for what most events have."""

_SINGLE: Final = frozenset({str, int, float, bool, type(None), Decimal})
"""Types of values that nothing can stand in."""

_WITH_LIST: Final = _SINGLE | {list}


def is_plain(event: Mapping[str, Any]) -> bool:
    """Whether every key of an event is one of API 2.0, at its place: then there is nothing to do.

    This is asked of every event; it takes half a microsecond.
    """
    if type(event.get("event")) is not str:
        return False
    if not _USUAL.issuperset(event):
        return KNOWN.issuperset(event) and _are_plain(event)
    page, properties = event.get("page"), event.get("properties")
    if page and not _is_plain_object(page):
        return False
    return not properties or _is_plain_properties(properties)


def _are_plain(event: Mapping[str, Any]) -> bool:
    properties = event.get("properties")
    if type(event.get("limited_data_use")) not in _SINGLE:
        return False
    inner = [event[name] for name in OBJECTS if name != "properties" and event.get(name)]
    if not all(map(_is_plain_object, inner)):
        return False
    return not properties or _is_plain_properties(properties)


def _is_plain_properties(properties: Any) -> bool:
    if type(properties) is not dict or not DOCUMENTED.issuperset(properties):
        return False
    contents = properties.get("contents")
    if not contents:
        return _SINGLE.issuperset(map(type, properties.values()))
    kinds = list(map(type, properties.values()))
    if kinds.count(list) > 1 or not _WITH_LIST.issuperset(kinds):
        return False
    return type(contents) is list and all(map(_is_plain_object, contents))


def _is_plain_object(given: Any) -> bool:
    """Whether it is an object of documented keys with single values."""
    return (
        type(given) is dict
        and DOCUMENTED.issuperset(given)
        and _SINGLE.issuperset(map(type, given.values()))
    )

"""The part of an event that the browser reports too: a choice of its properties.

The values are those that the server sends: ids as strings, a single content as a list of one.

Source: https://github.com/tiktok/gtm-template-pixel ``template.js`` and
https://ads.tiktok.com/help/article/about-parameters (both read 2026-11-22).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tiktok_events.errors import InvalidEvent

PROPERTIES: Final = (
    "value",
    "currency",
    "contents",
    "content_type",
    "content_ids",
    "num_items",
    "description",
    "query",
    "search_string",
    "order_id",
    "status",
)
"""What the Pixel takes. Match keys are not among them: nobody's data gets into a page."""

CONTENT: Final = (
    "content_id",
    "content_name",
    "content_category",
    "content_type",
    "brand",
    "price",
    "quantity",
)

_IDS: Final = frozenset({"content_id", "content_ids", "order_id"})


def browser_name(event: Mapping[str, Any]) -> str:
    """The event's name.

    Raises:
        InvalidEvent: it has none.
    """
    name = event.get("event")
    if not isinstance(name, str) or not name:
        raise InvalidEvent("must be the name of the event", path="event")
    return name


def browser_event_id(event: Mapping[str, Any]) -> str:
    """The id that both channels share.

    Raises:
        InvalidEvent: it has none, so TikTok would count the event twice.
    """
    event_id = _id_text(event.get("event_id"))
    if not isinstance(event_id, str) or not event_id:
        raise InvalidEvent("must be the id that the server reports the event by", path="event_id")
    return event_id


def browser_properties(event: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the Pixel takes, as JSON values.

    Raises:
        InvalidEvent: JSON cannot express one of them; ``path`` tells which.
    """
    given = event.get("properties")
    return {
        name: _contents(value) if name == "contents" else _json_value(name, value, "properties")
        for name, value in _chosen(given, PROPERTIES, "properties")
    }


def _contents(given: Any) -> list[dict[str, Any]]:
    items = [given] if isinstance(given, Mapping) else given
    if not isinstance(items, list | tuple):
        raise InvalidEvent("must be a list", path="properties.contents")
    return [_content(item, f"properties.contents.{number}") for number, item in enumerate(items)]


def _content(given: Any, path: str) -> dict[str, Any]:
    return {name: _json_value(name, value, path) for name, value in _chosen(given, CONTENT, path)}


def _chosen(given: Any, names: tuple[str, ...], path: str) -> Iterable[tuple[str, Any]]:
    """The known names that have a value: the worker leaves out what is empty as well."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise InvalidEvent(f"must be a dict, not {type(given).__name__}", path=path)
    found = ((name, given.get(name)) for name in names)
    return ((name, value) for name, value in found if value is not None and value != "")


def _json_value(name: str, value: Any, path: str) -> Any:
    if isinstance(value, list | tuple):
        return [_scalar(name, item, f"{path}.{name}") for item in value]
    return _scalar(name, value, f"{path}.{name}")


def _scalar(name: str, value: Any, path: str) -> str | int | float:
    value = _id_text(value) if name in _IDS else value
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, str | int | float) and is_finite:
        return value
    raise InvalidEvent(f"cannot be given to the Pixel: {type(value).__name__}", path=path)


def _id_text(value: Any) -> Any:
    """An id is text, also where the shop counts its products or orders."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole or isinstance(value, UUID) else value

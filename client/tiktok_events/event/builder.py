"""Build an event that its source accepts, or say in a sentence what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.destination import checked_destination
from tiktok_events.event.money import Money, is_amount
from tiktok_events.types import (
    Ad,
    App,
    Content,
    Device,
    Event,
    EventSource,
    Lead,
    Page,
    Properties,
    StandardEvent,
    User,
)

NAMES_IN_APPS: Final[Mapping[StandardEvent, str]] = {
    "CompleteRegistration": "Registration",
    "InitiateCheckout": "Checkout",
    "Lead": "GenerateLead",
}
"""What apps call the same event, where their name differs.

Source: https://business-api.tiktok.com/portal/docs?id=1771101111730178 (read 2026-11-22).
"""

_NEEDS: Final[Mapping[str, tuple[str, str]]] = {
    "app": ("app", "app_id"),
    "crm": ("lead", "lead_id"),
}
"""Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22)."""

_ARGUMENTS: Final = {
    "value": "value=Money(amount, currency)",
    "currency": "value=Money(amount, currency)",
    "contents": "contents=[…]",
}
"""Properties that are checked as arguments; given as properties, they would skip the checks."""

_is_page: Final = re.compile(r"https?://[^\s/?#]", re.IGNORECASE | re.ASCII).match


class Circumstances(TypedDict, total=False):
    """Arguments that any event may have; the keys are those of `Event`, and mean the same."""

    event_time: int | datetime
    event_id: str | UUID
    event_source: EventSource
    event_source_id: str
    test_event_code: str
    user: User
    properties: Properties
    page: Page
    app: App
    ad: Ad
    lead: Lead
    device: Device
    limited_data_use: bool


def build_event(
    name: StandardEvent,
    circumstances: Circumstances,
    *,
    own: Properties | None = None,
    contents: Iterable[Content] = (),
    value: Money | None = None,
) -> Event:
    """Return the event, named as its source names it; the arguments are not changed.

    Args:
        name: name of the event on the web, offline and in a CRM.
        circumstances: what any event may have.
        own: properties of this kind of event; all are texts.
        contents: the products.
        value: the total.

    Raises:
        InvalidEvent: something is not what it must be, or what the source needs is missing.
        TypeError: an argument that no event has.
    """
    _refuse_strangers(circumstances)
    source = _checked_source(circumstances)
    known_as = NAMES_IN_APPS.get(name, name) if source == "app" else name
    event: Event = {"event": known_as, **circumstances}
    properties: Properties = {
        **_products(list(contents)),
        **_further(circumstances.get("properties", {})),
        **_texts(own or {}),
        **_total(value),
    }
    if properties:
        event["properties"] = properties
    return event


def _refuse_strangers(circumstances: Circumstances) -> None:
    """Refuse unknown keywords: a misspelt one would otherwise be sent as a custom key."""
    for key in circumstances.keys() - Circumstances.__annotations__.keys():
        raise TypeError(f"no event has the argument {key!r}")


def _checked_source(circumstances: Circumstances) -> str:
    """Return the source, after checking it, its destination, the event's id and what it needs."""
    source = circumstances.get("event_source", "web")
    source_id = circumstances.get("event_source_id", "the client's default")
    checked_destination(source, source_id, circumstances.get("test_event_code"))
    if not isinstance(circumstances.get("event_id", ""), str | UUID):
        raise InvalidEvent("must be a string", path="event_id")
    given = cast("Mapping[str, Any]", circumstances)
    if source in _NEEDS:
        _check_part(source, given, *_NEEDS[source])
    elif "page" in given:
        _check_part(source, given, "page", "url")
    return source


def _check_part(source: str, circumstances: Mapping[str, Any], place: str, key: str) -> None:
    given = circumstances.get(place)
    if not isinstance(given, Mapping):
        raise InvalidEvent(f"is required for {source} events, with its {key}", path=place)
    needed = given.get(key)
    if not isinstance(needed, str) or not needed:
        raise InvalidEvent("must be a non-empty string", path=f"{place}.{key}")
    if key == "url" and not _is_page(needed):
        raise InvalidEvent("must be a full http or https URL", path="page.url")


def _further(properties: Properties) -> Properties:
    for key, argument in _ARGUMENTS.items():
        if key in properties:
            raise InvalidEvent(f"goes into {argument}", path=f"properties.{key}")
    return properties


def _texts(own: Properties) -> Properties:
    for key, text in own.items():
        if not isinstance(text, str):
            raise InvalidEvent("must be a string", path=f"properties.{key}")
    return own


def _products(contents: list[Content]) -> Properties:
    """Return the contents and, unless other properties give them, the ids of these contents.

    Product ads need both: https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
    """
    for position, content in enumerate(contents):
        _check_content(content, f"properties.contents.{position}")
    return {"content_type": "product", "contents": contents} if contents else {}


def _check_content(content: object, path: str) -> None:
    if not isinstance(content, Mapping):
        raise InvalidEvent("must be a dict with a content_id", path=path)
    if not isinstance(content.get("content_id", ""), str):
        raise InvalidEvent("must be a string", path=f"{path}.content_id")
    if not is_amount(content.get("price", 0)):
        raise InvalidEvent("must be a number from 0 up", path=f"{path}.price")
    if not isinstance(quantity := content.get("quantity", 0), int) or not is_amount(quantity):
        raise InvalidEvent("must be a whole number from 0 up", path=f"{path}.quantity")


def _total(value: object) -> Properties:
    if value is None:
        return {}
    if not isinstance(value, Money):
        raise InvalidEvent("must be Money(amount, currency)", path="properties.value")
    return {"value": value.amount, "currency": value.currency}

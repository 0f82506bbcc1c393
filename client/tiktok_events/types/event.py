"""The event itself, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Required, TypeAlias, TypedDict
from uuid import UUID

from tiktok_events.types.context import Ad, App, Device, Lead, Page
from tiktok_events.types.properties import Properties
from tiktok_events.types.user import User

EventSource: TypeAlias = Literal["web", "app", "offline", "crm"]
"""Where an event comes from; it decides what the event needs."""

StandardEvent: TypeAlias = Literal[
    "AddPaymentInfo",
    "AddToCart",
    "AddToWishlist",
    "ApplicationApproval",
    "CompleteRegistration",
    "Contact",
    "CustomizeProduct",
    "Download",
    "FindLocation",
    "InitiateCheckout",
    "Lead",
    "Purchase",
    "Schedule",
    "Search",
    "StartTrial",
    "SubmitApplication",
    "Subscribe",
    "ViewContent",
]
"""The standard events of web, offline and CRM; the case counts.

Source: https://ads.tiktok.com/help/article/supported-standard-events (read 2026-11-22).
"""


class Event(TypedDict, total=False):
    """One conversion in the vocabulary of the Events API 2.0, its destination beside it.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    event: Required[StandardEvent | str]
    """Name, a standard one or your own: a letter, then up to 49 of `a-z A-Z 0-9 _ -`.
    A misspelt standard name counts as a custom event."""

    event_time: int | datetime
    """When it happened: Unix seconds in UTC, or a datetime with a time zone. Now if absent."""

    event_id: str | UUID
    """What TikTok knows a repeat by, and the Pixel's report of the same event. New if absent."""

    event_source: EventSource
    """`web` if absent. App events need `app`; TikTok asks for `page` with web events."""

    event_source_id: str
    """Pixel code, app id or event-set id; text. The client's default if absent."""

    test_event_code: str
    """Sends the event to *Test events* of Events Manager instead of counting it."""

    user: User
    """Who did it: the match keys. Without one TikTok cannot attribute the event."""

    properties: Properties
    """What was done: the order, the search, the contents."""

    page: Page
    """The web page; TikTok asks for it with web events."""

    app: App
    """The mobile app; required for app events."""

    ad: Ad
    """The advertisement that an app or web event is attributed to."""

    lead: Lead
    """The lead in a CRM; CRM events match best by it."""

    device: Device
    """The browser's client hints, for web events."""

    limited_data_use: bool
    """Whether TikTok shall use the event in a limited way; false if absent. Web and app."""


class Unchecked:
    """The value of a mapping that a type checker is not to look into; nothing is one.

    A ``dict[str, Any]`` passes for a mapping of them, because `Any` passes for everything. A dict
    that is written out at the call does not: it must be an `Event`, so that a misspelt key is
    found.
    """


AnyEvent: TypeAlias = Event | Mapping[str, Unchecked]
"""An event, or any mapping that is to be one, such as a ``dict[str, Any]`` or what JSON held."""

AnyUser: TypeAlias = User | Mapping[str, Unchecked]
"""Match keys of somebody, or any mapping that is to be those."""

"""An event as a type checker and an editor see it; hover over a key for what it means.

`event` is the whole, `user`, `properties` (with `travel` and `vehicle`) and `context` its parts,
laid out as the worker's validation is. They are plain dicts at run time: nothing is checked
until the event is handed over, or given to `tiktok_events.validate`.

A dict with keys of your own, which TikTok tolerates, is no `Event` to a type checker;
`Client.track` takes any mapping.

Imports nothing of ours.
"""

from __future__ import annotations

from tiktok_events.types.amounts import Amount
from tiktok_events.types.context import Ad, App, BrandVersion, Device, Lead, Page
from tiktok_events.types.event import AnyEvent, AnyUser, Event, EventSource, StandardEvent
from tiktok_events.types.properties import Content, ContentType, Properties
from tiktok_events.types.user import MatchKey, User
from tiktok_events.types.vehicle import Mileage

__all__ = [
    "Ad",
    "Amount",
    "AnyEvent",
    "AnyUser",
    "App",
    "BrandVersion",
    "Content",
    "ContentType",
    "Device",
    "Event",
    "EventSource",
    "Lead",
    "MatchKey",
    "Mileage",
    "Page",
    "Properties",
    "StandardEvent",
    "User",
]

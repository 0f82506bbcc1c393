"""One event of each source, and what that source requires.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
"""

from __future__ import annotations

from typing import Final

from schemas import limits
from schemas.context import (
    Ad,
    App,
    Device,
    Lead,
    Page,
    RequiredApp,
    RequiredLead,
    RequiredPage,
)
from schemas.event_time import EventTime
from schemas.fields import IS_REQUIRED, Text
from schemas.flags import Limit
from schemas.names import EventName
from schemas.objects import EventObject, Object
from schemas.properties import Properties
from schemas.user import User
from schemas.wanted import LEAD_WANTED, PAGE_WANTED

EVENT_ID_NEEDED: Final = (
    "is required: TikTok removes repeats by it, and without one a retry could count twice"
)


class Event(EventObject):
    """What every source shares; the objects of other sources pass, with a warning."""

    event_time = EventTime(needed=IS_REQUIRED)
    event_id = Text(limits.ID_CHARS, needed=EVENT_ID_NEEDED)
    user = Object(User())
    properties = Object(Properties())
    page = Object(Page())
    app = Object(App())
    ad = Object(Ad())
    lead = Object(Lead())
    device = Object(Device())
    limited_data_use = Limit()


class WebEvent(Event):
    """A web site's event."""

    event = EventName("web", needed=IS_REQUIRED)
    page = Object(RequiredPage(), needed=PAGE_WANTED, vital=False)


class AppEvent(Event):
    """A mobile app's event."""

    event = EventName("app", needed=IS_REQUIRED)
    app = Object(RequiredApp(), needed="is required for app events, with its app_id")


class OfflineEvent(Event):
    """An event of a shop or a call centre."""

    event = EventName("offline", needed=IS_REQUIRED)


class CrmEvent(Event):
    """A change of a lead in a CRM."""

    event = EventName("crm", needed=IS_REQUIRED)
    lead = Object(RequiredLead(), needed=LEAD_WANTED, vital=False)


EVENTS: Final[dict[str, EventObject]] = {
    "web": WebEvent(),
    "app": AppEvent(),
    "offline": OfflineEvent(),
    "crm": CrmEvent(),
}
"""One schema for each event source; building one costs more than a thousand checks."""

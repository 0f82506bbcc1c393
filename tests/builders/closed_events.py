"""Events as the client stores them, to be spoilt with personal data."""

from __future__ import annotations

from typing import Any

import orjson

from tiktok_events.event.prepare import EventPreparer

ANN = "ann@example.com"
PHONE = "+491701234567"
PLAIN = {"event": "Purchase", "page": {"url": "https://shop.example/"}, "event_time": 1_767_225_600}
PREPARER = EventPreparer({"web": "P"}, None, 65_536)


def stored(event: Any, preparer: EventPreparer = PREPARER) -> dict[str, Any]:
    """The event as it stands in the outbox."""
    body: dict[str, Any] = orjson.loads(preparer.prepare(event).body)
    return body


def user(**given: Any) -> dict[str, Any]:
    """What is stored of a user."""
    found: dict[str, Any] = stored({**PLAIN, "user": given}).get("user", {})
    return found

"""What a client makes of a purchase before it enqueues it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.prepare import EventPreparer, PreparedEvent

PREPARER = EventPreparer({"web": "PIXEL1"}, None, 65_536)
PURCHASE: Mapping[str, Any] = MappingProxyType({"event": "Purchase"})


def prepared(**fields: Any) -> PreparedEvent:
    """A purchase with these fields."""
    return PREPARER.prepare({**PURCHASE, **fields})


def body(**fields: Any) -> dict[str, Any]:
    """What of it stands in the outbox."""
    return dict(orjson.loads(prepared(**fields).body))


def refused(event: Any) -> InvalidEvent:
    """The error that an event is refused with."""
    with pytest.raises(InvalidEvent) as refusal:
        PREPARER.prepare(event)
    return refusal.value

"""Store another producer's event as our client would have stored it.

A client closes what it writes, and marks it. What has keys that nobody documents, is invalid, or
has no mark and may hold an address, another producer may have written: it is closed before it is
sent or buried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from schemas import Checked, Kind, check_event
from schemas.unknown import UNKNOWN_KEY
from tiktok_events.errors import InvalidEvent
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.remarks import REMARKS, without_remarks
from tiktok_events.event.stray_addresses import may_hide_address, may_hold_address
from tiktok_events.event.url_parameters import URL_FIELDS, names_nobody, strip_people
from worker.settings import Settings

Closed: TypeAlias = tuple[Any, Checked, bytes, bool]
"""An event that may be sent or buried: itself, without what may not leave raw; what the schemas
say about it; its JSON as it goes into `data`, empty when it is invalid; and whether it had to be
closed here. A plain tuple, because one with names costs as much as reading the event's keys."""


@dataclass(slots=True)
class Closing:
    """Checks events, and closes those of other producers; not frozen, since each block has one.

    Attributes:
        settings: which keys of ``user`` may pass, and where phone numbers are at home.
        event_source: of the events.
        strict: whether an event ends for any key that cannot be used as it is.
        is_closed: whether a client has closed the events already.
    """

    settings: Settings
    event_source: str
    strict: bool = False
    is_closed: bool = False

    def check(self, event: Any) -> Closed:
        """Check an event as it is in a block."""
        checked, json = self._checked(event)
        if (
            not json
            or _is_foreign(checked)
            or (not self.is_closed and _may_name_somebody(checked.event, json))
        ):
            closed = self.close(event)
            if closed != event:
                return (closed, *self._checked(closed), True)
        return event, checked, json, False

    def close(self, event: Any) -> Any:
        """Return an event as our client would have stored it, without an unusable user."""
        if not isinstance(event, dict):
            return event
        settings = self.settings
        preparer = EventPreparer(
            {},
            settings.default_region,
            settings.max_event_bytes,
            user_keys=settings.user_keys or frozenset(),
        )
        try:
            return preparer.closed(event)
        except InvalidEvent as error:
            left_out = {"user"} if error.path.startswith("user") else {*event} - {"event_time"}
            return {key: value for key, value in event.items() if key not in left_out}

    def _checked(self, event: Any) -> tuple[Checked, bytes]:
        if type(event) is dict and REMARKS in event:
            event = without_remarks(event)
        passing = self.settings.user_keys or frozenset()
        checked = check_event(event, self.event_source, strict=self.strict, passing=passing)
        return checked, b"" if checked.errors else encoded(checked.event)


def encoded(event: dict[str, Any]) -> bytes:
    """Return the JSON of an event, to be kept.

    What orjson returns has its whole buffer behind it, 4 kB and more whatever the event takes;
    a copy has its own size, and frees the buffer for the next one.
    """
    return bytes(memoryview(orjson.dumps(event)))


def _may_name_somebody(event: dict[str, Any], json: bytes) -> bool:
    """Return whether an event may hold an address, or its page's URLs a name."""
    if may_hold_address(json) or may_hide_address(event.get("properties")):
        return True
    if page := event.get("page"):
        for field in URL_FIELDS:
            if field in page and not names_nobody(url := page[field]) and strip_people(url) != url:
                return True
    return False


def _is_foreign(checked: Checked) -> bool:
    """Whether a warning is about what our client would have closed, or let pass as custom."""
    return any(
        warning.kind is not Kind.REMARK
        or warning.message == UNKNOWN_KEY
        or warning.path.startswith("user.")
        for warning in checked.warnings
    )

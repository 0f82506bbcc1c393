"""An event as application code gives it → the bytes that stand in the outbox."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from tiktok_events.errors import EventTooLarge, InvalidEvent
from tiktok_events.event.destination import (
    DESTINATION_FIELDS,
    LARGEST_ID,
    Destination,
    destination_of,
)
from tiktok_events.event.identity import new_event_id
from tiktok_events.event.match_keys import prepare_user
from tiktok_events.event.policy import KEEP, PolicyRule, decide
from tiktok_events.event.times import AHEAD, MOST_AHEAD_S, read_time
from tiktok_events.event.url_parameters import strip_page

_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NEVER_A_BAD_NUMBER: Final = (str, int, type(None))
EXACT_FLOAT: Final = 2**53
"""From here on a float no longer says which whole number was meant."""

_MAPPING: Final = (dict, Mapping)
"""The usual kind first: asking for the abstract one takes ten times as long."""


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """An event that may be appended: identified, hashed, encoded, within the size limit.

    Attributes:
        destination: where it goes.
        event_id: the id it keeps through every retry and replay.
        body: UTF-8 JSON of the event without its destination; empty when it is withheld.
    """

    destination: Destination
    event_id: str
    body: bytes

    @property
    def withheld(self) -> bool:
        """Whether the policy keeps it at home: it must go nowhere."""
        return not self.body


@dataclass(frozen=True, slots=True)
class EventPreparer:
    """How a producer turns events into outbox bytes.

    Attributes:
        default_ids: event source → id, for events that name no ``event_source_id``.
        default_region: ISO 3166 code for national phone numbers.
        max_bytes: size limit of one event's JSON.
        policy: what of an event may be shared.
        strip: URL parameters that may not, in lower case.
    """

    default_ids: Mapping[str, str]
    default_region: str | None
    max_bytes: int
    policy: PolicyRule = KEEP
    strip: frozenset[str] = frozenset()

    def prepare(
        self, event: Any, *, event_id: str | None = None, policy: PolicyRule | None = None
    ) -> PreparedEvent:
        """Identify, hash and encode one event; the caller's dict is not changed.

        Args:
            event: the event in the API's 2.0 vocabulary, its destination beside it.
            event_id: used when the event has none; by default a new time-ordered UUID.
                Like that of the event it may be a whole number or a UUID.
            policy: in place of the producer's own.

        Raises:
            InvalidEvent: not a dict, no destination, a match key that is no text,
                a number JSON cannot carry, something JSON cannot express, nested too
                deeply.
            EventTooLarge: over ``max_bytes``.
        """
        if not isinstance(event, _MAPPING):
            raise InvalidEvent(f"an event must be a dict, not {type(event).__name__}")
        destination = destination_of(event, self.default_ids)
        id_ = _event_id(event.get("event_id"), event_id)
        chosen = decide(self.policy if policy is None else policy, event)
        if chosen.use == "drop":
            return PreparedEvent(destination, id_, b"")
        shared = event if chosen is KEEP else chosen.applied_to(event)
        return PreparedEvent(destination, id_, self._body(shared, id_))

    def _body(self, event: Mapping[str, Any], event_id: str) -> bytes:
        body = event.copy() if type(event) is dict else {key: event[key] for key in event}
        for field in DESTINATION_FIELDS:
            body.pop(field, None)
        body["event_id"] = event_id
        body["event_time"] = _event_time(body.get("event_time"))
        self._prepare_match_keys(body)
        if self.strip:
            self._strip_urls(body)
        return self._encode(body)

    def _prepare_match_keys(self, body: dict[str, Any]) -> None:
        user = body.get("user")
        if user is None:
            body.pop("user", None)
        elif isinstance(user, _MAPPING):
            body["user"] = prepare_user(user, self.default_region)
        else:
            raise InvalidEvent(f"must be a dict, not {type(user).__name__}", path="user")

    def _strip_urls(self, body: dict[str, Any]) -> None:
        page = body.get("page")
        if isinstance(page, Mapping):
            body["page"] = strip_page(page, self.strip)

    def _encode(self, body: dict[str, Any]) -> bytes:
        encoded = _json(body)
        if len(encoded) > self.max_bytes:
            raise EventTooLarge(f"{len(encoded):,} bytes of JSON; at most {self.max_bytes:,}")
        return encoded


def _event_id(*candidates: object) -> str:
    """The first that says something, or a new one."""
    for given in candidates:
        if given is not None and given != "":
            read = given.strip() if type(given) is str else given_event_id(given)
            if read:
                return read
    return new_event_id()


def given_event_id(given: object) -> str:
    """An event id as a string without blanks around it: the API refuses a JSON number.

    Raises:
        InvalidEvent: it is blank, or neither a string, a whole number nor a UUID.
    """
    if isinstance(given, str):
        if read := given.strip():
            return read
        raise InvalidEvent("must not be empty", path="event_id")
    if isinstance(given, UUID) or _is_whole(given):
        return str(given)
    if isinstance(given, float) and given.is_integer() and abs(given) < EXACT_FLOAT:
        return str(int(given))
    raise InvalidEvent(f"must be a string, not {type(given).__name__}", path="event_id")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_ID


def _event_time(given: object) -> object:
    """Seconds; what is no time at all is left for the worker's full report.

    Raises:
        InvalidEvent: it has no time zone, or lies in the future.
    """
    if given is None:
        return int(time.time())
    seconds = _seconds(given)
    if isinstance(seconds, int) and seconds > time.time() + MOST_AHEAD_S:
        raise InvalidEvent(AHEAD, path="event_time")
    return seconds


def _seconds(given: object) -> object:
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidEvent("a datetime needs a time zone", path="event_time")
        return int(given.timestamp())
    if found := read_time(given):
        return found.seconds
    return int(given) if isinstance(given, float) and math.isfinite(given) else given


def _json(body: dict[str, Any]) -> bytes:
    """JSON; numbers are looked at only if one may be bad: orjson writes that as null."""
    try:
        encoded = orjson.dumps(body, default=_plain)
    except TypeError as error:
        _refuse_bad_numbers(body)  # before the other fault, because its place is known
        # orjson's text names the type only, never the value.
        raise InvalidEvent(f"cannot be written as JSON: {error}") from None
    if b"null" in encoded:
        _refuse_bad_numbers(body)
    return encoded


def _refuse_bad_numbers(body: dict[str, Any]) -> None:
    try:
        path = _bad_number(body)
    except RecursionError:
        raise InvalidEvent("is nested too deeply, or holds itself") from None
    if path is not None:
        raise InvalidEvent("must be a finite number", path=path[1:])


def _bad_number(value: object) -> str | None:
    """Path to the first NaN or infinity: JSON would make it null without a word."""
    if isinstance(value, _NEVER_A_BAD_NUMBER):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else ""
    for key, item in _items(value):
        below = _bad_number(item)
        if below is not None:
            return f".{_shown(key)}{below}"
    return None


def _items(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, _MAPPING):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def _shown(key: object) -> str:
    """A place in a list or the name of a field; what is no name may be a person's."""
    known = isinstance(key, int) or (isinstance(key, str) and _FIELD_NAME.fullmatch(key))
    return str(key) if known else "?"


def _plain(value: object) -> object:
    """Django and SQLAlchemy hand out prices as Decimal."""
    if isinstance(value, Decimal) and math.isfinite(value):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")

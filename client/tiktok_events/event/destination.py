"""Where an event goes: each destination has one access token, one outbox, one request at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.addresses import holds_address

EVENT_SOURCES: Final = ("app", "crm", "offline", "web")
"""The values of `event_source`.

Source: TikTok Business API portal, page 1771101303285761 (read 2026-11-22).
"""

DESTINATION_FIELDS: Final = ("event_source", "event_source_id", "test_event_code")
MAX_ID_CHARACTERS: Final = 128
"""Our own limit: pixel codes have 20 characters, event-set ids 19; a longer id is a mistake."""
LARGEST_ID: Final = 10**64
"""A larger whole number is no id, and Python may refuse to write it in digits."""
REMEMBERED: Final = 1024
"""How many destinations a process caches: checking and quoting one costs as much as hashing."""


_PIXEL_CODE: Final = re.compile(r"[A-Z0-9]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Destination:
    """The target of one request.

    Attributes:
        event_source: one of ``EVENT_SOURCES``.
        event_source_id: pixel code, app id or event-set id.
        test_event_code: the code that sends the events to *Test events* in Events Manager.
        key: the whole destination as one word, as Redis keys and the command line have it.
    """

    event_source: str
    event_source_id: str
    test_event_code: str | None = None
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = [self.event_source, quote(self.event_source_id, safe="")]
        if self.test_event_code is not None:
            parts.append(quote(self.test_event_code, safe=""))
        object.__setattr__(self, "key", ":".join(parts))

    def fields(self) -> dict[str, str]:
        """Return the fields of an event that name the destination."""
        given = zip(
            DESTINATION_FIELDS,
            (self.event_source, self.event_source_id, self.test_event_code),
            strict=True,
        )
        return {name: value for name, value in given if value is not None}

    @classmethod
    def from_key(cls, key: str) -> Destination:
        """Return the destination that has this ``key``.

        Raises:
            InvalidDestination: no destination has such a key.
        """
        source, _, rest = key.partition(":")
        source_id, separator, test_code = rest.partition(":")
        return checked_destination(
            source, unquote(source_id), unquote(test_code) if separator else None
        )


def checked_destination(source: object, source_id: object, test_code: object = None) -> Destination:
    """Return the destination, or say what is wrong with it.

    A numeric id becomes a string: the API refuses a JSON number.

    Raises:
        InvalidDestination: unknown source, no id, or an id that cannot be one.
    """
    source = read_source(source)
    if source not in EVENT_SOURCES:
        raise InvalidDestination(f"must be one of {', '.join(EVENT_SOURCES)}", path="event_source")
    return Destination(
        str(source),
        _identifier(source_id, "event_source_id"),
        None if is_blank(test_code) else _identifier(test_code, "test_event_code"),
    )


def _identifier(value: object, path: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_ID:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise InvalidDestination("must be a non-empty string", path=path)
    if len(value) > MAX_ID_CHARACTERS or not value.isprintable():
        raise InvalidDestination(
            f"must be at most {MAX_ID_CHARACTERS} printable characters", path=path
        )
    if holds_address(value):
        raise InvalidDestination("must not hold an e-mail address or a phone number", path=path)
    return value.strip()


def pixel_code(value: Any) -> str:
    """Return the code of a pixel. Its length is known from samples only.

    Source: public samples of requests, all of 20 such characters (read 2026-11-22).
    """
    given = str(value).strip()
    if not _PIXEL_CODE.fullmatch(given):
        raise ValueError("must be a pixel code: capital letters and digits, 20 of them")
    return given


def is_blank(value: object) -> bool:
    """Return whether a text says nothing: an empty environment variable counts as an absent one."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_source(source: object) -> object:
    """Return the event source in its usual form: ``web`` where none is given."""
    if source in EVENT_SOURCES:
        return source
    return (source.strip().lower() if isinstance(source, str) else source) or "web"


def destination_of(event: Mapping[str, Any], defaults: Mapping[str, str]) -> Destination:
    """Return the destination that an event names, with ``defaults`` (source → id) for a missing id.

    Raises:
        InvalidDestination: the event names none and there is no default for its source.
    """
    source = event.get("event_source")
    source_id = event.get("event_source_id")
    test_code = event.get("test_event_code")
    if source_id is None or type(source) is not str:
        source = read_source(source)
    if source_id is None:
        source_id = defaults.get(source) if isinstance(source, str) else None
    if source_id is None and source in EVENT_SOURCES:
        raise InvalidDestination(
            "missing, and no default is configured for this event_source; "
            "give it in the event, to Client(event_source_id=…), "
            "or for web as TIKTOK_EVENTS_PIXEL_CODE",
            path="event_source_id",
        )
    try:
        return _remembered(source, source_id, test_code)
    except TypeError:  # an unhashable value cannot be looked up, and is no text either
        return checked_destination(source, source_id, test_code)


# By type too: True is no id, though it equals 1.
_remembered: Final = lru_cache(REMEMBERED, typed=True)(checked_destination)

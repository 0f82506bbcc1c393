"""Everything this library raises.

    TikTokEventsError
    ├── InvalidEvent            the event cannot be accepted; nothing was enqueued
    │   ├── EventTooLarge       its JSON is over the size limit
    │   └── InvalidDestination  no event source, or an id that cannot be one
    ├── InvalidSetting          a setting has a value that is not allowed
    ├── MissingExtra            a part that was not installed is needed
    └── OutboxUnavailable       Redis did not answer in time, or refused
        └── DurabilityUnsupported  the server cannot say when its file is on disk

No message ever holds a value taken from the event: it may be personal.
"""

from __future__ import annotations

import re
from typing import Final

SHOWN: Final = 60
"""Characters of a wrong value that a sentence shows."""

_MAY_HOLD_SECRETS: Final = re.compile(r"[@?#]|^[\w-]{32,}$")
"""An address with a user or options, or a token in the wrong variable."""


class TikTokEventsError(Exception):
    """Base of every error of this project."""


class InvalidEvent(TikTokEventsError, ValueError):
    """The event cannot be accepted; nothing was enqueued.

    Attributes:
        path: where in the event, dotted (``user.email.0``); empty for the whole.
        position: index of the event in the call to ``track_many``, else ``None``.
    """

    def __init__(self, message: str, *, path: str = "", position: int | None = None) -> None:
        where = "" if position is None else f"event {position}: "
        super().__init__(f"{where}{path}: {message}" if path else f"{where}{message}")
        self.message = message
        self.path = path
        self.position = position


class EventTooLarge(InvalidEvent):
    """The event's JSON is over the size limit."""


class InvalidDestination(InvalidEvent):
    """The event names no event source or id that it could be sent to."""


class InvalidSetting(TikTokEventsError, ValueError):
    """A setting has a value that is not allowed."""


class MissingExtra(TikTokEventsError, ImportError):
    """A part of the library was called whose extra is not installed; the message names it."""


class OutboxUnavailable(TikTokEventsError, ConnectionError):
    """Redis did not answer in time, or refused.

    A call of at most a mebibyte of JSON is one atomic step: either the whole of it is in the outbox
    or nothing. A larger one is several steps; those of one destination are one if they fit.
    After a time-out it is not known of one step whether it was carried out. Calling again with
    the same ``event_id`` is safe, because the API counts an id once within 48 h.

    Attributes:
        accepted: destination → how many events of the call are in the outbox: its first, in
            order. Empty when nothing is.
        in_doubt: destination → how many events may be in it: those that follow. Empty when all
            others are not. Of ``cancel`` and ``flush`` it tells nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        accepted: dict[str, int] | None = None,
        in_doubt: dict[str, int] | None = None,
    ) -> None:
        super().__init__(_with_the_rest(message, accepted or {}, in_doubt or {}))
        self.accepted = accepted or {}
        self.in_doubt = in_doubt or {}


class DurabilityUnsupported(OutboxUnavailable):
    """The server cannot say when its append-only file is on disk; nothing was enqueued.

    Raised whatever `on_failure` says: it does not pass by itself.
    """


def _with_the_rest(message: str, accepted: dict[str, int], in_doubt: dict[str, int]) -> str:
    parts = {"in the outbox": sum(accepted.values()), "in doubt": sum(in_doubt.values())}
    told = [
        f"{events:,} events of the call are {where}" for where, events in parts.items() if events
    ]
    return f"{message} ({'; '.join(told)})" if accepted else message


def shown(value: object) -> str:
    """The value as a part of a sentence, unless it may hold a secret."""
    given = str(value)
    if _MAY_HOLD_SECRETS.search(given) or not given.isprintable():
        return ""
    return f"; it is {given if len(given) <= SHOWN else given[:SHOWN] + '…'!r}"

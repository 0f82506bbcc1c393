"""The errors that this library raises.

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
"""How many characters of a wrong value a sentence shows."""

_MAY_HOLD_SECRETS: Final = re.compile(r"[@?#]|^[\w-]{32,}$")
"""Matches a URL with a user or options, or a token that is in the wrong variable."""


class TikTokEventsError(Exception):
    """Base of every error of this project."""


class InvalidEvent(TikTokEventsError, ValueError):
    """The event cannot be accepted; nothing was enqueued.

    Attributes:
        path: dotted path of the place in the event (``user.email.0``); empty for the whole event.
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
    """A part of the library was used whose extra is not installed; the message names the extra."""


class OutboxUnavailable(TikTokEventsError, ConnectionError):
    """Redis did not answer in time, or refused.

    A call of at most a mebibyte of JSON is one atomic step: either all of it is in the outbox, or
    nothing. A larger call is several steps; the events of one destination are one step if they fit.
    After a time-out, one step may or may not have been carried out. Calling again with the same
    ``event_id`` is safe, because the API counts an id once within 48 h.

    Attributes:
        accepted: destination → how many events of the call are in the outbox: its first, in order.
            Empty if none are.
        in_doubt: destination → how many of the following events may be in the outbox. Empty if it
            is certain that none are. For ``cancel`` and ``flush`` it has no meaning.
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

    It is raised whatever `on_failure` says, because it does not pass by itself.
    """


def _with_the_rest(message: str, accepted: dict[str, int], in_doubt: dict[str, int]) -> str:
    parts = {"in the outbox": sum(accepted.values()), "in doubt": sum(in_doubt.values())}
    told = [
        f"{events:,} events of the call are {where}" for where, events in parts.items() if events
    ]
    return f"{message} ({'; '.join(told)})" if accepted else message


def shown(value: object) -> str:
    """Return the value as part of a sentence, unless it may hold a secret."""
    given = str(value)
    if _MAY_HOLD_SECRETS.search(given) or not given.isprintable():
        return ""
    return f"; it is {given if len(given) <= SHOWN else given[:SHOWN] + '…'!r}"

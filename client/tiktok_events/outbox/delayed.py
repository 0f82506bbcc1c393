"""Events that wait for their time, and can be cancelled until then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import uuid4

import orjson

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, ScriptText

Delay = timedelta | float
"""How long an event is delayed; a number counts seconds."""

LONGEST_DELAY_S: Final = 7 * 86_400.0

WINDOWS_S: Final[Mapping[str, float]] = {
    "web": 7 * 86_400.0,
    "app": 7 * 86_400.0,
    "offline": 28 * 86_400.0,
    "crm": 7 * 86_400.0,
}
"""Age at which a worker gives an event up, by its settings unless they were changed."""

MARGIN_S: Final = 3_600.0
"""Seconds of the window that must be left on release, for delivery and retries."""

ANSWER_S: Final = 60
"""How long a call that has cancelled something is remembered: the longest time of a call."""


@dataclass(frozen=True, slots=True)
class DelayedEvent:
    """An event, and how long it is delayed.

    Attributes:
        event: ready for its outbox.
        key: identifies the event.
        delay_ms: from when the server has it.
    """

    event: PreparedEvent = field(repr=False)
    key: bytes = field(repr=False)
    delay_ms: int

    @property
    def destination(self) -> str:
        """The key of the destination."""
        return self.event.destination.key

    def commit(self, keys: Keys) -> Commit:
        """Return the call of `delay.lua` that delays it in a shard."""
        destination = self.destination
        keys_ = (*keys.of_delayed(), keys.accepted, keys.accepted_of(destination))
        args = (self.key, self.delay_ms, self.event.body, destination, self.event.name)
        script = _script("delay")
        return Commit.of_command(script.command((keys_, args)), keys, script, (self.event,))


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Says which delayed events to cancel.

    Attributes:
        key: of one event, or what the keys of all with one `event_id` begin with.
        whole: whether it is the key of one.
        counter: what they are counted as.
        body: what the event must be; empty for whatever it is.
    """

    key: bytes = field(repr=False)
    whole: bool
    counter: str = "cancelled"
    body: bytes = field(default=b"", repr=False)

    @property
    def destination(self) -> str:
        """The key of the destination."""
        return self.key.partition(b"\0")[0].decode()

    @classmethod
    def of(cls, destination: Destination, event_id: str, event: str | None) -> Cancellation:
        """What cancels the event of this id and name, or of this id whatever its name."""
        key = event_key(destination, event_id, "" if event is None else event)
        return cls(key, whole=event is not None)

    def means(self, key: bytes) -> bool:
        """Return whether the event with this key is to be cancelled."""
        return key == self.key if self.whole else key.startswith(self.key)

    def commit(self, keys: Keys) -> Commit:
        """Return the call of `cancel.lua` in a shard."""
        script = _script("cancel")
        return Commit.of_command(script.command(self.call(keys)), keys, script)

    def call(self, keys: Keys) -> Call:
        """Return keys and arguments of `cancel.lua`; each call has an answer key of its own.

        A client may have to send them twice, when it does not know whether they arrived.
        """
        keys_ = (*keys.of_delayed(), keys.cancelled(uuid4().hex))
        return keys_, (self.counter, self.key, int(self.whole), self.body, ANSWER_S)


@cache
def _script(name: str) -> ScriptText:
    return ScriptText.read("tiktok_events.outbox", name)


def event_key(destination: Destination, event_id: str, event: str) -> bytes:
    """Return what the API tells events apart by: destination, id and name.

    Raises:
        InvalidEvent: one of them is no text that an accepted event can have.
    """
    try:
        # As JSON the id has no NUL of its own, so that one id is never the beginning of another.
        return b"\0".join((destination.key.encode(), orjson.dumps(event_id), event.encode()))
    except (TypeError, UnicodeEncodeError):
        raise InvalidEvent("cannot be written as JSON", path="event_id") from None


def delay_seconds(delay: Delay | None) -> float:
    """Return a delay in seconds; 0 without one.

    Raises:
        InvalidEvent: it is none, or not from 0 to seven days.
    """
    if delay is None:
        return 0.0
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InvalidEvent("must be a timedelta or seconds", path="delay")
    if not 0 <= seconds <= LONGEST_DELAY_S:
        raise InvalidEvent("must be from 0 to 7 days", path="delay")
    return float(seconds)


def delayed_event(event: PreparedEvent, delay_s: float, now: float) -> DelayedEvent:
    """Return an event with its delay.

    Args:
        event: it has a body.
        delay_s: more than 0, at most `LONGEST_DELAY_S`.
        now: Unix seconds.

    Raises:
        InvalidEvent: its time would come too late for it to be delivered.
    """
    body: Any = orjson.loads(event.body)
    _check_end(body["event_time"], event.destination.event_source, now + delay_s)
    name = body.get("event")
    key = event_key(event.destination, event.event_id, name if isinstance(name, str) else "")
    return DelayedEvent(event, key, math.ceil(delay_s * 1000))


def _check_end(event_time: object, source: str, end: float) -> None:
    """Refuse a delay that ends too late; an event without a time is left to the worker's report."""
    window_s = WINDOWS_S[source]
    if isinstance(event_time, int) and end > event_time + window_s - MARGIN_S:
        raise InvalidEvent(
            f"too long: {source} events are delivered until {window_s / 86_400:.0f} days after "
            "their event_time, and an hour of that must remain",
            path="delay",
        )

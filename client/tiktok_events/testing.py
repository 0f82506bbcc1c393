"""Record events in tests of code that tracks: keep what would be sent, and assert on it.

With pytest, ask for the fixture ``captured_conversions``; elsewhere:

    >>> from tiktok_events import Client
    >>> with capture_conversions() as captured:
    ...     client = Client(event_source_id="C0PIXEL")
    ...     _ = client.track({"event": "Purchase", "properties": {"value": 59.98}})
    >>> captured.assert_one("Purchase", value=59.98)["event_source_id"]
    'C0PIXEL'

Every client of the process records instead of sending, in all threads; no Redis is needed.
Events are checked, hashed and encoded exactly as for real. Other processes still send.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any, Final, overload
from unittest.mock import patch

import orjson

from tiktok_events import producer
from tiktok_events.async_client import AsyncClient
from tiktok_events.client import Client
from tiktok_events.event.destination import DESTINATION_FIELDS
from tiktok_events.event.differences import Difference, as_sent, differences
from tiktok_events.event.match_keys import check_region
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.event.remarks import without_remarks
from tiktok_events.outbox.delayed import Cancellation, DelayedEvent
from tiktok_events.outbox.withdrawal import Withdrawal
from tiktok_events.settings import ENVIRONMENT_PREFIX, ClientSettings
from tiktok_events.spool.fallback import Fallback

__all__ = ["CapturedConversions", "capture_conversions"]

Conversion = dict[str, Any]
"""An event as it would be sent, with its destination."""

EVENT_FIELDS: Final = frozenset(
    (
        *DESTINATION_FIELDS,
        *("event_id", "event_time", "limited_data_use"),
        *("user", "properties", "page", "app", "ad", "lead", "device"),
    )
)
"""Arguments of an assertion that are fields of the event; any other is one of its properties."""


class CapturedConversions(Sequence[Conversion]):
    """The tracked events, in order, as a sequence.

    Attributes:
        default_region: region of national phone numbers in expectations; by default the
            environment's, as for a client without one.
    """

    def __init__(self) -> None:
        region = os.environ.get(f"{ENVIRONMENT_PREFIX}DEFAULT_REGION", "").strip()
        self.default_region = check_region(region) if region else None
        self._events: list[PreparedEvent] = []
        self._delayed: dict[bytes, PreparedEvent] = {}
        self._lock = Lock()

    def record(self, events: Sequence[PreparedEvent]) -> None:
        """Take the events of one call."""
        with self._lock:
            self._events += events

    def delay(self, delayed: DelayedEvent) -> None:
        """Record an event with a delay: its time never comes in a test, so it can be cancelled."""
        with self._lock:
            self._forget(delayed.key)
            self._delayed[delayed.key] = delayed.event
            self._events.append(delayed.event)

    def cancel(self, cancellation: Cancellation) -> bool:
        """Forget delayed events that match, and return whether there were any."""
        with self._lock:
            keys = [key for key in self._delayed if cancellation.means(key)]
            for key in keys:
                self._forget(key)
            return bool(keys)

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Forget a visitor's delayed events; other events count as delivered."""
        with self._lock:
            theirs = [k for k, e in self._delayed.items() if withdrawal.owns(orjson.loads(e.body))]
            for key in theirs:
                self._forget(key)

    def _forget(self, key: bytes) -> None:
        event = self._delayed.pop(key, None)
        self._events = [one for one in self._events if one is not event]

    def clear(self) -> None:
        """Forget what was tracked so far."""
        with self._lock:
            self._events.clear()
            self._delayed.clear()

    def of(self, event: str) -> list[Conversion]:
        """Return the tracked events of one name, in order."""
        return [conversion for conversion in self if conversion.get("event") == event]

    def assert_one(self, event: str, /, **expected: Any) -> Conversion:
        """Assert that exactly one tracked event of this name is as expected, and return it.

        Args:
            event: name of the event.
            expected: fields of the event (``user={…}``, ``page={…}``, ``event_id=…``) and, by
                any other name, properties (``value=59.98``). Objects are compared by the keys
                that are given, ``None`` stands for a field that is absent. Match keys may be
                raw: they are prepared and hashed like those of an event.

        Raises:
            AssertionError: no event is as expected (the message shows what differs), or several
                are.
        """
        __tracebackhide__ = True
        matching = self._matching(event, expected)
        if not matching:
            raise AssertionError(self._what_differs(event, expected))
        if len(matching) > 1:
            raise AssertionError(_too_many(event, matching, "one"))
        return matching[0]

    def assert_none(self, event: str | None = None, /, **expected: Any) -> None:
        """Assert that no event was tracked; or none of this name; or none of it as described.

        Raises:
            AssertionError: such an event was tracked.
        """
        __tracebackhide__ = True
        if event is None:
            if self:
                raise AssertionError(f"expected no conversion, but tracked: {self._summary()}")
        elif matching := self._matching(event, expected):
            raise AssertionError(_too_many(event, matching, "none"))

    def _matching(self, event: str, expected: Mapping[str, Any]) -> list[Conversion]:
        wanted = self._wanted(expected)
        return [one for one in self.of(event) if not differences(wanted, one)]

    def _wanted(self, expected: Mapping[str, Any]) -> Conversion:
        """Return the expectation as an event."""
        wanted = {key: value for key, value in expected.items() if key in EVENT_FIELDS}
        loose = {key: value for key, value in expected.items() if key not in EVENT_FIELDS}
        if loose:
            wanted["properties"] = {**wanted.get("properties", {}), **loose}
        return as_sent(wanted, self.default_region)

    def _what_differs(self, event: str, expected: Mapping[str, Any]) -> str:
        candidates = self.of(event)
        if not candidates:
            return f"no {event} was tracked, but: {self._summary()}"
        wanted = self._wanted(expected)
        closest = min((differences(wanted, one) for one in candidates), key=len)
        return _told(event, len(candidates), closest)

    def _summary(self) -> str:
        names = Counter(str(conversion.get("event")) for conversion in self)
        return ", ".join(f"{count} {name}" for name, count in names.items()) or "nothing"

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Conversion]:
        with self._lock:
            events = list(self._events)
        return map(_conversion, events)

    @overload
    def __getitem__(self, index: int) -> Conversion: ...
    @overload
    def __getitem__(self, index: slice) -> list[Conversion]: ...
    def __getitem__(self, index: int | slice) -> Conversion | list[Conversion]:
        return list(self)[index]

    def __repr__(self) -> str:
        return f"<CapturedConversions: {self._summary()}>"


@contextmanager
def capture_conversions() -> Iterator[CapturedConversions]:
    """Let every client of this process record instead of sending."""
    captured = CapturedConversions()

    instead: dict[str, Callable[[Any], Any]] = {
        "_hand_over": captured.record,
        "_delay": captured.delay,
        "_cancel": captured.cancel,
        "_ask_to_withdraw": captured.withdraw,
    }
    with ExitStack() as patches:
        for name, do in instead.items():
            patches.enter_context(patch.object(Client, name, _called(do)))
            patches.enter_context(patch.object(AsyncClient, name, _awaited(do)))
        patches.enter_context(patch.object(producer, "Fallback", _without_spool))
        yield captured


def _called(do: Callable[[Any], Any]) -> Callable[[Client, Any], Any]:
    def call(_client: Client, given: Any) -> Any:
        return do(given)

    return call


def _awaited(do: Callable[[Any], Any]) -> Callable[[AsyncClient, Any], Awaitable[Any]]:
    async def call(_client: AsyncClient, given: Any) -> Any:
        return do(given)

    return call


def _without_spool(settings: ClientSettings) -> Fallback:
    """Return the settings without a spool: nothing can fail here, so no file should be created."""
    return Fallback(replace(settings, on_failure="raise"))


def _conversion(event: PreparedEvent) -> Conversion:
    return {**event.destination.fields(), **without_remarks(orjson.loads(event.body))}


def _too_many(event: str, found: Sequence[Conversion], wanted: str) -> str:
    ids = ", ".join(str(one["event_id"]) for one in found)
    return f"expected {wanted}, but {len(found)} {event} were tracked like that: event_id {ids}"


def _told(event: str, candidates: int, found: Sequence[Difference]) -> str:
    of = f"the closest of {candidates} differs" if candidates > 1 else "it differs"
    lines = [f"no tracked {event} is as expected; {of}:"]
    for one in found:
        lines += [f"  {one.path}", f"    expected: {one.expected}", f"    tracked:  {one.tracked}"]
    return "\n".join(lines)

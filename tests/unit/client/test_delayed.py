"""How long an event may be delayed, and what tells delayed events apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tiktok_events import InvalidEvent
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.outbox.delayed import (
    LONGEST_DELAY_S,
    MARGIN_S,
    WINDOWS_S,
    Cancellation,
    DelayedEvent,
    delay_seconds,
    delayed_event,
    event_key,
)
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
NOW = 1_767_225_600.0
DAY_S = 86_400.0


def delayed(delay_s: float, **fields: Any) -> DelayedEvent:
    """An event that happened now, with a delay."""
    event = {"event": "StartTrial", "event_id": "t1", "event_time": int(NOW), **fields}
    prepared = EventPreparer({"web": "C0PIXEL", "offline": "S1"}, None, 65_536).prepare(event)
    return delayed_event(prepared, delay_s, NOW)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(None, 0.0), (0, 0.0), (90, 90.0), (0.5, 0.5), (timedelta(hours=1), 3600.0)],
)
def test_a_delay_is_a_timedelta_or_seconds(delay: Any, seconds: float) -> None:
    """None and 0 are none."""
    assert delay_seconds(delay) == seconds


@pytest.mark.parametrize(
    "delay",
    [-1, LONGEST_DELAY_S + 1, float("nan"), float("inf"), timedelta(days=-1), True, "1h"],
)
def test_what_is_no_delay_is_refused(delay: Any) -> None:
    """Below 0, beyond seven days, or no number."""
    with pytest.raises(InvalidEvent) as caught:
        delay_seconds(delay)
    assert caught.value.path == "delay"


def test_an_event_is_not_held_beyond_its_window() -> None:
    """Of which an hour must remain; the age that it has counts."""
    longest = 7 * DAY_S - MARGIN_S
    assert delayed(longest).delay_ms == longest * 1000
    for too_long, happened in ((longest + 1, NOW), (longest, NOW - 1)):
        with pytest.raises(InvalidEvent, match="until 7 days after their event_time"):
            delayed(too_long, event_time=int(happened))


def test_an_offline_event_may_be_older() -> None:
    """Its window is 28 days."""
    happened = int(NOW - 20 * DAY_S)
    event = delayed(7 * DAY_S, event_source="offline", event_time=happened)
    assert event.delay_ms == 7 * DAY_S * 1000


def test_the_windows_are_those_of_the_worker() -> None:
    """By default; a worker's settings are unknown to a client."""
    settings = Settings()
    assert {source: settings.window_s(source) for source in WINDOWS_S} == WINDOWS_S


def test_the_shortest_delay_is_a_millisecond() -> None:
    """What is asked for is never cut to nothing."""
    assert delayed(0.0001).delay_ms == 1


def test_the_name_tells_events_of_one_id_apart() -> None:
    """A cancellation with a name means one, without it all; of this destination only."""
    trial = event_key(PIXEL, "7", "StartTrial")
    others = [
        event_key(PIXEL, "7", "Subscribe"),
        event_key(PIXEL, "77", "StartTrial"),
        event_key(PIXEL, "7\0", "StartTrial"),
        event_key(Destination("web", "C0PIXEL", "TEST1"), "7", "StartTrial"),
    ]
    one, every = (Cancellation.of(PIXEL, "7", name) for name in ("StartTrial", None))
    assert [one.means(key) for key in (trial, *others)] == [True, False, False, False, False]
    assert [every.means(key) for key in (trial, *others)] == [True, True, False, False, False]


def test_what_no_event_can_have_is_refused() -> None:
    """Half a character is no text."""
    with pytest.raises(InvalidEvent):
        event_key(PIXEL, "\ud800", "Lead")


def test_no_value_shows() -> None:
    """An id may be a person's."""
    assert repr(delayed(1, event_id="jo")) == "DelayedEvent(delay_ms=1000)"
    assert "jo" not in repr(Cancellation.of(PIXEL, "jo", None))

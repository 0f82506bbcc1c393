"""A raw address, phone number or name, planted anywhere in an event, is stored and sent nowhere."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.builders.planted import ENCODINGS, MAIL, NEEDED, planted, sowings, traces
from tiktok_events.errors import TikTokEventsError
from tiktok_events.event.prepare import EventPreparer
from worker.delivery.closing import Closing
from worker.settings import Settings

PREPARER = EventPreparer({"web": "P"}, None, 65_536)
SOWN = dict(sowings())


def is_user(event: dict[str, Any]) -> bool:
    """Whether the event's user is no object: it is refused at the call."""
    return not isinstance(event.get("user"), dict)


@pytest.mark.parametrize("events", SOWN.values(), ids=SOWN)
def test_nothing_planted_is_stored(events: list[dict[str, Any]]) -> None:
    """By a client; no event is refused for it, but for one whose user is no object."""
    for event in events:
        try:
            stored = PREPARER.prepare(event).body.decode()
        except TikTokEventsError as error:
            assert is_user(event)
            stored = str(error)
        assert traces(stored) == []


@pytest.mark.parametrize("events", SOWN.values(), ids=SOWN)
def test_nothing_planted_by_another_producer_is_sent_or_buried(
    events: list[dict[str, Any]],
) -> None:
    """By a worker; nor said of it."""
    closing = Closing(Settings.load({}), "web")
    for event in events:
        kept, checked, sent, _ = closing.check({**event, "event_time": 1_767_225_600})
        said = " ".join(map(str, (*checked.errors, *checked.warnings)))
        assert traces(sent.decode() + orjson.dumps(kept).decode() + said) == []


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_what_makes_an_event_names_nobody(name: str, encode: Any) -> None:
    """It is refused at the call, and the error does not say who it was."""
    try:
        said = PREPARER.prepare(planted(name, encode(MAIL))).body.decode()
    except TikTokEventsError as error:
        said = str(error)
    assert traces(said) == []

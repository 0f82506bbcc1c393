"""A checkout is never ended by what it reports."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.builders.shops import AGREED, EMAIL, FAULTY, PURCHASE, shop
from tiktok_events import Client, InvalidEvent, InvalidSetting, Policy
from tiktok_events.testing import CapturedConversions
from tiktok_events.web import Answer, WebEvents, base_code, faulty_events, pixel_script


@pytest.mark.parametrize(
    "given",
    [
        FAULTY,
        {"event": "Purchase", "user": "jo"},
        {"event": "Purchase", "event_id": {"order": 1}},
        {"event": "Lead", "event_source_id": EMAIL},
        {},
        "Purchase",
        None,
        {"data": [PURCHASE]},
    ],
)
def test_a_faulty_event_is_logged_and_counted(
    given: Any, server: CapturedConversions, caplog: pytest.LogCaptureFixture
) -> None:
    """The checkout goes on; no value of the event is in the log."""
    before = faulty_events()
    with caplog.at_level(logging.WARNING, "tiktok_events.web"):
        report = shop().track(given, AGREED)
    if given != {}:  # a nameless event is the worker's to refuse; the page says nothing
        assert set(report.answers.values()) <= {Answer.FAULTY}
        assert len(server) == 0
    assert faulty_events() == before + 1
    assert EMAIL not in caplog.text
    assert report.script() == ""


@pytest.mark.parametrize("given", [None, {"event": "Lead", "event_id": {"order": 1}}])
@pytest.mark.parametrize(
    ("pixels", "codes"),
    [((), ["C0PIXEL"]), (["C0A", "C0B"], ["C0A", "C0B"]), ("C0A", ["C0A"]), ([5], [""])],
)
def test_every_pixel_has_its_answer(given: Any, pixels: Any, codes: list[str]) -> None:
    """A view that looks it up does not end by a fault of the whole event either."""
    report = shop().track(given, AGREED, pixels=pixels)
    assert report.answers == dict.fromkeys(codes, Answer.FAULTY)


def test_a_base_code_without_a_pixel_ends_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only visitors who agreed would have met it."""
    before = faulty_events()
    assert base_code() == ""
    assert faulty_events() == before + 1
    monkeypatch.setenv("TIKTOK_EVENTS_ON_INVALID", "raise")
    with pytest.raises(InvalidSetting, match="needs a Pixel code"):
        base_code()


def test_a_policy_function_that_fails_ends_nothing(
    server: CapturedConversions, caplog: pytest.LogCaptureFixture
) -> None:
    """What it raises may hold anything, so only its type is logged; nothing is reported."""

    def fails(_: object) -> Policy:
        raise LookupError(EMAIL)

    events = WebEvents(Client(event_source_id="C0", policy=fails))
    with caplog.at_level(logging.WARNING, "tiktok_events.web"):
        report = events.track(PURCHASE)
    assert (report.script(), len(server)) == ("", 0)
    assert caplog.messages == ["an event is not reported: LookupError"]


def test_an_outbox_that_is_away_ends_nothing() -> None:
    """The page still reports it."""
    events = WebEvents(Client("redis://127.0.0.1:1/0", event_source_id="C0"))
    report = events.track(PURCHASE)
    assert report.answers == {"C0": Answer.FAULTY}
    assert "ttq.track" in report.script()


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_raise_is_for_tests_and_staging(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As plain clients do."""
    if how == "environment":
        monkeypatch.setenv("TIKTOK_EVENTS_ON_INVALID", "raise")
    events = shop(**({"on_invalid": "raise"} if how == "argument" else {}))
    with pytest.raises(InvalidEvent):
        events.track(FAULTY)


def test_a_faulty_event_does_not_end_the_page_either() -> None:
    """A template gets an empty script, and the fault is counted."""
    before = faulty_events()
    assert pixel_script(FAULTY) == ""
    assert faulty_events() == before + 1
    with pytest.raises(InvalidEvent):
        pixel_script(FAULTY, on_invalid="raise")

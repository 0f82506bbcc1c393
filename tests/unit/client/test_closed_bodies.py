"""What an event may not carry: whole requests, denied limits, parameters that name somebody."""

from __future__ import annotations

import base64
import logging
from typing import Any

import orjson
import pytest

from tests.builders.closed_events import ANN, PHONE, PLAIN, PREPARER, stored
from tiktok_events.errors import InvalidEvent
from tiktok_events.event import remarks
from tiktok_events.event.policy import Policy


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"event_source": "web", "event_source_id": "P", "data": [PLAIN]}, "data: .* API 2.0"),
        ({"pixel_code": "P", "batch": [{"type": "track"}]}, "batch: .* API 1.0"),
        ({**PLAIN, "pixel_code": "A", "event_source_id": "B"}, "pixel_code: is not"),
    ],
)
def test_the_body_of_a_request_is_refused_by_its_name(body: dict[str, Any], said: str) -> None:
    """It is not read by half."""
    with pytest.raises(InvalidEvent, match=said):
        PREPARER.prepare(body)


@pytest.mark.parametrize(
    "place",
    [
        {"user": {"limited_data_use": True}},
        {"properties": {"limitedDataUse": "true"}},
        {"context": {"limited_data_use": 1}},
        {"limitedDataUse": True},
        {"data_processing_options": ["LDU"]},
        {"limited_data_use": False, "user": {"LDU": True}},
    ],
)
def test_limited_data_use_is_honoured_wherever_it_stands(place: dict[str, Any]) -> None:
    """A lost wish for privacy would be worse than a wrong place."""
    assert stored({**PLAIN, **place})["limited_data_use"] is True


@pytest.mark.parametrize("said", [False, 0, "false", None, ""])
def test_a_limit_that_is_denied_is_none(said: object) -> None:
    """At the wrong place too."""
    assert "limited_data_use" not in stored({**PLAIN, "properties": {"limitedDataUse": said}})


def test_a_policy_removes_a_key_by_all_its_names() -> None:
    """It names the key that is sent."""
    prepared = PREPARER.prepare(
        {**PLAIN, "user": {"E-Mail": ANN}, "properties": {"phone": PHONE}},
        policy=Policy(remove=("user.email", "user.phone")),
    )

    assert orjson.loads(prepared.body)["user"] == {}


@pytest.mark.parametrize(
    ("parameter", "stays"),
    [
        ("email=ann%40example.com", False),
        ("Email=x", False),
        ("user%5Bemail%5D=x", False),
        ("utm_email=x", False),
        ("phone=%2B491701234567", False),
        ("firstName=Ann", False),
        (f"to={ANN}", False),
        ("to=ann%2540example.com", False),
        ("to=%61%6e%6e%40example%2ecom", False),
        (f"x={base64.b64encode(ANN.encode()).decode()}", False),
        (f"x={base64.urlsafe_b64encode(ANN.encode()).decode().rstrip('=')}", False),
        (f"x={ANN.encode().hex()}", False),
        ("back=%2Fa%3Femail%3Dx", False),
        ("ann%40example.com", False),
        ("order=7", True),
        ("utm_source=tiktok", True),
        ("country=de", True),
        ("lang=en", True),
        ("session=4svq7oKvLH1pbPRrl3wJCkb2", True),
        ("ttclid=E.C.P.CabCdEf0123456789", True),
        ("q=50%25+off", True),
    ],
)
@pytest.mark.parametrize("field", ["url", "referrer"])
def test_a_parameter_that_names_somebody_is_taken_out(
    parameter: str, *, stays: bool, field: str
) -> None:
    """All others keep their bytes and their order."""
    url = f"https://shop.example/thanks?a=1&{parameter}&b=2"
    page = {"url": "https://shop.example/", field: url}
    kept = url if stays else "https://shop.example/thanks?a=1&b=2"

    assert stored({**PLAIN, "page": page})["page"][field] == kept


def test_a_plain_event_has_no_remark() -> None:
    """And a custom property is no reason for one."""
    event = {**PLAIN, "user": {"email": ANN}, "properties": {"coupon": "A7", "gift": {"wrap": 1}}}

    assert stored(event).keys() == {*PLAIN, "user", "properties", "event_id"}


def test_a_remark_is_said_once_and_holds_no_value(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each place and reason, in each process."""
    monkeypatch.setattr(remarks, "_said", set())
    with caplog.at_level(logging.WARNING, "tiktok_events"):
        for phone in ("030 1", "040 2"):
            stored({**PLAIN, "user": {"phone": phone, ANN: "secret"}})

    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "user.<key>",
        "user.phone",
    ]
    assert "secret" not in caplog.text


def test_what_travels_with_an_event_is_bounded() -> None:
    """However much is wrong with it, and whoever wrote it."""
    event = stored({**PLAIN, "user": {f"key_{number}": 1 for number in range(100)}})

    assert len(event[remarks.REMARKS]) == remarks.MOST_REMARKS
    assert list(remarks.counters_of({remarks.REMARKS: {"a": "dead", "b": 7, "c": "junk"}})) == [
        "junk"
    ]

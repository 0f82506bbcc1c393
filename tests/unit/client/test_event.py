"""An event as application code gives it, and the bytes that stand in the outbox."""

from __future__ import annotations

import copy
import math
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.prepared import PREPARER, PURCHASE, body, prepared, refused
from tiktok_events.errors import InvalidDestination, InvalidEvent
from tiktok_events.event.identity import new_event_id

# --- identity ------------------------------------------------------------------------------


def test_an_event_without_an_id_gets_a_new_one() -> None:
    """Returned and written alike, and never the same again."""
    first, second = prepared(), prepared()
    assert first.event_id == orjson.loads(first.body)["event_id"]
    assert first.event_id != second.event_id


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        ("order-7", "order-7"),
        (12345678901234567890, "12345678901234567890"),
        (0, "0"),
        (1001.0, "1001"),
        (" s-1\n", "s-1"),
        (
            UUID("0192a3b4-0000-7000-8000-000000000000"),
            "0192a3b4-0000-7000-8000-000000000000",
        ),
    ],
)
def test_an_id_that_was_given_is_kept_as_a_string(given_id: object, expected: str) -> None:
    """The API refuses a JSON number."""
    as_field = prepared(event_id=given_id)
    as_argument = PREPARER.prepare(PURCHASE, event_id=given_id)  # type: ignore[arg-type]
    assert [expected] * 2 == [as_field.event_id, as_argument.event_id]
    assert expected == orjson.loads(as_argument.body)["event_id"]


@pytest.mark.parametrize("absent", [None, "", " \t"])
def test_an_empty_id_is_none(absent: object) -> None:
    """The argument stands in for it."""
    event = {**PURCHASE, "event_id": absent}
    assert PREPARER.prepare(event, event_id="order-7").event_id == "order-7"


def test_the_id_of_the_event_comes_before_the_argument() -> None:
    """What is written in the event wins."""
    event = {**PURCHASE, "event_id": "mine"}
    assert PREPARER.prepare(event, event_id="other").event_id == "mine"


@pytest.mark.parametrize("wrong", [True, 1.5, 2.0**60, b"x", bytearray(b"x"), ["x"], {}, 10**64])
def test_what_is_no_id_is_refused(wrong: object) -> None:
    """With its type, not its value."""
    assert refused({**PURCHASE, "event_id": wrong}).path == "event_id"


def test_new_ids_are_uuids_of_version_7() -> None:
    """As RFC 9562 has them."""
    made = UUID(new_event_id())
    assert (made.version, made.variant) == (7, UUID(int=0x8 << 60).variant)


def test_new_ids_carry_the_time() -> None:
    """Milliseconds since 1970 in the first 48 bits."""
    before = time.time_ns() // 1_000_000
    milliseconds = UUID(new_event_id()).int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_new_ids_are_ordered_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As text too, which is what an index sorts."""
    ids = []
    for millisecond in (1, 2, 15, 16, 255, 256, 1_767_225_600_000, 2**47):
        monkeypatch.setattr(time, "time_ns", lambda now=millisecond: now * 1_000_000)
        ids.append(new_event_id())
    assert sorted(ids) == ids


def test_ids_made_in_the_same_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """74 bits are chance."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_767_225_600_000_000_000)
    assert len({new_event_id() for _ in range(10_000)}) == 10_000


# --- time ----------------------------------------------------------------------------------


def test_an_event_without_a_time_happened_now() -> None:
    """Whole Unix seconds."""
    before = int(time.time())
    assert before <= body()["event_time"] <= time.time()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (1_767_225_600, 1_767_225_600),
        (1_767_225_600.9, 1_767_225_600),
        (datetime(2026, 1, 1, tzinfo=UTC), 1_767_225_600),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 1_767_225_600),
        (datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC), 1_767_225_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-01-01 01:00:00 +0100", 1_767_225_600),
        ("2026-01-01 00:00:00 UTC", 1_767_225_600),
        (1_767_225_600_000, 1_767_225_600),
        (" 1767225600000 ", 1_767_225_600),
        (1_767_225_600_123.4, 1_767_225_600),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00"),
        ("soon", "soon"),
        (True, True),
    ],
)
def test_a_time_becomes_seconds_where_it_is_one(moment: object, expected: object) -> None:
    """What is no time is left for the worker, whose report says what is allowed."""
    assert expected == body(event_time=moment)["event_time"]


@pytest.mark.parametrize("unit", [1, 1_000])
def test_a_time_in_the_future_is_refused(unit: int) -> None:
    """A clock or a unit is wrong; a clock that is some minutes fast is not."""
    ahead = int(time.time()) + 86_400
    error = refused({**PURCHASE, "event_time": (ahead + 60) * unit})
    assert error.path == "event_time"
    assert body(event_time=(ahead - 60) * unit)["event_time"] == ahead - 60


def test_a_time_without_a_zone_is_refused() -> None:
    """Nobody knows which moment it is."""
    error = refused({**PURCHASE, "event_time": datetime(2026, 1, 1)})  # noqa: DTZ001 — because that is the point
    assert error.path == "event_time"


@pytest.mark.parametrize("field", ["event_id", "event_source_id"])
def test_a_number_that_python_will_not_write_is_no_id(field: str) -> None:
    """It would be another error than promised."""
    assert refused({**PURCHASE, field: 10**5_000}).path == field


# --- destination ---------------------------------------------------------------------------


def test_the_destination_is_no_part_of_the_body() -> None:
    """It stands on the top level of the request, once for all events."""
    event = prepared(event_source="web", event_source_id="OTHER", test_event_code="TEST1")
    assert event.destination.key == "web:OTHER:TEST1"
    assert sorted(orjson.loads(event.body)) == ["event", "event_id", "event_time"]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "web:PIXEL1"),
        ({"event_source": None, "event_source_id": None}, "web:PIXEL1"),
        ({"event_source": ""}, "web:PIXEL1"),
        ({"event_source_id": 7123456789012345678}, "web:7123456789012345678"),
        ({"event_source_id": " PIXEL2 "}, "web:PIXEL2"),
        ({"event_source": "offline", "event_source_id": "7"}, "offline:7"),
        ({"event_source_id": "a:b/c"}, "web:a%3Ab%2Fc"),
        ({"test_event_code": 123}, "web:PIXEL1:123"),
        ({"test_event_code": " TEST1 "}, "web:PIXEL1:TEST1"),
        ({"test_event_code": ""}, "web:PIXEL1"),
        ({"test_event_code": " "}, "web:PIXEL1"),
        ({"event_source": " Web "}, "web:PIXEL1"),
        ({"event_source": "OFFLINE", "event_source_id": "7"}, "offline:7"),
    ],
)
def test_an_event_finds_its_destination(fields: dict[str, Any], key: str) -> None:
    """Named in the event, or the configured pixel; numbers become strings."""
    assert key == prepared(**fields).destination.key


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"event_source": "app"}, "event_source_id"),
        ({"event_source": "shop"}, "event_source"),
        ({"event_source": 5}, "event_source"),
        ({"event_source": ["web"]}, "event_source"),
        ({"event_source_id": ""}, "event_source_id"),
        ({"event_source_id": True}, "event_source_id"),
        ({"event_source_id": 1.5}, "event_source_id"),
        ({"event_source_id": 10**64}, "event_source_id"),
        ({"event_source_id": "x" * 129}, "event_source_id"),
        ({"event_source_id": "a\nb"}, "event_source_id"),
        ({"test_event_code": []}, "test_event_code"),
    ],
)
def test_an_event_without_a_destination_is_refused(fields: dict[str, Any], path: str) -> None:
    """The path says what is missing or wrong."""
    error = refused({**PURCHASE, **fields})
    assert (type(error), error.path) == (InvalidDestination, path)


@pytest.mark.parametrize("wrong", [True, 1.0, ["1"], {"1": 1}])
def test_a_wrong_id_is_refused_after_a_right_one_that_equals_it(wrong: object) -> None:
    """What is remembered of a destination holds for its type; a list cannot be remembered."""
    assert prepared(event_source_id=1).destination.key == "web:1"
    assert refused({**PURCHASE, "event_source_id": wrong}).path == "event_source_id"


# --- promises ------------------------------------------------------------------------------


def test_the_input_is_never_changed() -> None:
    """Neither the event nor anything in it."""
    event = {
        "event": "Purchase",
        "event_source_id": 7,
        "user": {"email": ["Jo@Example.com"], "phone": None},
        "properties": {"value": Decimal("1.5"), "contents": [{"content_id": "1"}]},
    }
    before = copy.deepcopy(event)
    PREPARER.prepare(event)
    assert before == event


def test_no_raw_match_key_is_in_the_body() -> None:
    """They are hashed before they leave the process."""
    event = prepared(
        user={"email": "jo@example.com", "phone": "+12133734253", "external_id": "kunde-7",
              "first_name": "Josephine", "last_name": "Doering"},
    )  # fmt: skip
    written = event.body.decode().lower()
    personal = ["jo@example.com", "2133734253", "kunde-7", "josephine", "doering"]
    assert [value for value in personal if value in written] == []


PERSONAL = "Xq7-personal@Example.com"
VALUES = st.recursive(
    st.sampled_from([
        PERSONAL, PERSONAL.encode(), {PERSONAL}, math.nan, 2**64, "\ud800", object(),
        Decimal("NaN"), True, 5, None, "x" * 70_000,
    ]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["email", "value", "url", PERSONAL]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from(
    ["user", "properties", "page", "event", "event_id", "event_time", "event_source",
     "event_source_id", "test_event_code", "lead", PERSONAL]
)  # fmt: skip


@given(event=st.dictionaries(FIELDS, VALUES, max_size=6) | VALUES)
def test_no_error_holds_a_personal_value(event: Any) -> None:
    """Whatever is wrong, and wherever it stands: text, arguments and path are harmless."""
    try:
        PREPARER.prepare(event)
    except InvalidEvent as error:
        shown = f"{error!s} {error!r} {error.args} {vars(error)}".lower()
        assert "xq7" not in shown

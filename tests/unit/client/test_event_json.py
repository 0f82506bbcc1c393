"""What of an event JSON can carry: numbers, mappings, depth, size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.builders.prepared import PREPARER, PURCHASE, body, refused
from tiktok_events.errors import EventTooLarge
from tiktok_events.event.prepare import EventPreparer


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (Decimal("59.98"), 59.98),
        (Decimal(60), 60),
        (Decimal("60.00"), 60.0),
        (Decimal("1E+2"), 100.0),
        (Decimal("-0.5"), -0.5),
    ],
)
def test_a_decimal_is_a_number(number: Decimal, expected: float) -> None:
    """Django and SQLAlchemy hand out prices so."""
    found = body(properties={"value": number})["properties"]["value"]
    assert (type(expected), expected) == (type(found), found)


class Frozen(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def test_a_mapping_is_as_good_as_a_dict() -> None:
    """At every depth."""
    event = Frozen(event="Purchase", properties=Frozen(contents=(Frozen(price=5),)))
    written = orjson.loads(PREPARER.prepare(event).body)
    assert written["properties"] == {"contents": [{"price": 5}]}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("properties.value", lambda bad: {"properties": {"value": bad}}),
        (
            "properties.contents.1.price",
            lambda bad: {"properties": {"contents": [{"price": 1.0}, {"price": bad}]}},
        ),
        (
            "properties.contents.0.price",
            lambda bad: {"properties": {"contents": ({"price": bad},)}},
        ),
        ("properties.value", lambda bad: {"properties": Frozen(value=bad)}),
        ("event_time", lambda bad: {"event_time": bad}),
        ("page.scroll", lambda bad: {"page": {"scroll": bad}}),
        ("properties.?", lambda bad: {"properties": {"jo@example.com": bad}}),
        ("properties.?", lambda bad: {"properties": {("jo",): bad}}),
    ],
)
def test_a_number_that_json_cannot_carry_is_refused_with_its_path(
    number: float, path: str, place: Any
) -> None:
    """It would become null without a word."""
    error = refused({**PURCHASE, **place(number)})
    assert (error.path, error.message) == (path, "must be a finite number")


def holding_itself() -> dict[str, Any]:
    """A dict that is inside itself."""
    properties: dict[str, Any] = {}
    properties["contents"] = [properties]
    return properties


def nested(depth: int) -> dict[str, Any]:
    """A dict in a dict in a dict."""
    made: dict[str, Any] = {}
    for _ in range(depth):
        made = {"inner": made}
    return made


@pytest.mark.parametrize(
    "value",
    [
        b"jo@example.com",
        {"jo@example.com"},
        object(),
        2**64,
        -(2**63) - 1,
        {1: "jo@example.com"},
        {None: 1},
        {("jo",): 1},
        "jo\ud800@example.com",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1E+400"),
        Decimal(10**400),
        1j,
        holding_itself(),
        nested(300),
        nested(100_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_express_is_refused(value: object) -> None:
    """At the call, with nothing of it in the error."""
    assert "jo" not in str(refused({**PURCHASE, "properties": value}))


@pytest.mark.parametrize("event", [None, "Purchase", b"{}", ["event"], 5, [("event", "Purchase")]])
def test_an_event_must_be_a_dict(event: object) -> None:
    """The sentence says what it was."""
    assert str(refused(event)) == f"an event must be a dict, not {type(event).__name__}"


@pytest.mark.parametrize("user", ["jo@example.com", ["jo@example.com"], 5, b"x"])
def test_a_user_must_be_a_dict(user: object) -> None:
    """Its value may be personal and is not shown."""
    error = refused({**PURCHASE, "user": user})
    assert (error.path, error.message) == ("user", f"must be a dict, not {type(user).__name__}")


def test_a_user_that_is_none_is_left_out() -> None:
    """There is nothing to match by."""
    assert "user" not in body(user=None)


# --- size ----------------------------------------------------------------------------------


def test_the_size_limit_holds_to_the_byte() -> None:
    """Counted on the JSON as it stands in the outbox, in bytes, not characters."""
    event = {**PURCHASE, "event_id": "1", "event_time": 1, "page": {"url": "é" * 500}}
    size = len(PREPARER.prepare(event).body)
    exact, tight = (EventPreparer({"web": "P"}, None, limit) for limit in (size, size - 1))
    assert size == len(exact.prepare(event).body)
    with pytest.raises(EventTooLarge, match=rf"^{size:,} bytes of JSON; at most {size - 1:,}$"):
        tight.prepare(event)

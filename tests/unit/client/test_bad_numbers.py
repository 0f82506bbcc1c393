"""Bad numbers are looked for only where one may be; the outcome is that of always looking."""

from __future__ import annotations

import math
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.prepare import EventPreparer

PREPARER = EventPreparer({"web": "PIXEL1"}, None, 1_048_576)

NAMES = st.sampled_from(["value", "price", "contents", "null", "jo@example.com", "Nan"])
NUMBERS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308])
TEXTS = st.sampled_from(["", "null", "nullable", '"null"', "NaN", "Infinity", "x" * 300])
ODD = st.sampled_from([None, True, 2**70, Decimal("NaN"), Decimal("9.90"), {1}, b"x", "\ud800"])
VALUES = st.recursive(
    NUMBERS | TEXTS | ODD | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.dictionaries(NAMES, inner, max_size=3).map(MappingProxyType)
    ),
    max_leaves=20,
)


def first_bad_number(value: Any, path: str = "") -> str | None:
    """Where the first NaN or infinity stands, found by looking at everything."""
    if isinstance(value, float):
        return None if math.isfinite(value) else path.removeprefix(".")
    items: Any = ()
    if isinstance(value, dict | MappingProxyType):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    places = (first_bad_number(item, f"{path}.{_shown(key)}") for key, item in items)
    return next((place for place in places if place is not None), None)


def _shown(key: object) -> object:
    return "?" if key == "jo@example.com" else key


@given(VALUES)
def test_a_bad_number_is_found_as_if_all_were_looked_at(value: Any) -> None:
    """It is refused with its path, before any other fault of the event."""
    expected = first_bad_number(value, "properties")
    found = None
    try:
        PREPARER.prepare({"event": "Purchase", "properties": value})
    except InvalidEvent as error:
        if error.message == "must be a finite number":
            found = error.path
    assert expected == found


@given(VALUES)
def test_no_bad_number_becomes_null(value: Any) -> None:
    """What is written has as many nulls as were given."""
    try:
        body = PREPARER.prepare({"event": "Purchase", "properties": value}).body
    except InvalidEvent:
        return
    assert _nulls(value) == _nulls(orjson.loads(body))


def _nulls(value: Any) -> int:
    """How many there are; what stands under an address is left out with it."""
    if isinstance(value, dict | MappingProxyType):
        return sum(_nulls(item) for key, item in value.items() if "@" not in key)
    if isinstance(value, list | tuple):
        return sum(map(_nulls, value))
    return int(value is None)

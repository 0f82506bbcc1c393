"""What we do not know, and what has no end, goes out only within bounds."""

from __future__ import annotations

import reprlib
from typing import Any

import pytest

from schemas import Finding, check_event
from schemas.objects import TOO_MANY_KEYS
from schemas.unknown import NOT_A_KEY, NOT_BOUNDED, UNKNOWN_KEY


def with_properties(properties: dict[Any, Any]) -> dict[str, Any]:
    """Return a web event with these properties."""
    return {
        "event": "Lead",
        "event_time": 1767225600,
        "event_id": "id-1",
        "user": {"email": "0" * 64},
        "page": {"url": "https://shop.example/"},
        "properties": properties,
    }


def nested(levels: int) -> Any:
    """Return lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (nested(8), True),
        (nested(9), False),
        (nested(5000), False),
        ([0] * 1000, True),
        ([0] * 1001, False),
        ("x" * 16384, True),
        ("x" * 16385, False),
        (2**64 - 1, True),
        (2**64, False),
        (float("nan"), False),
        ({"k" * 257: 1}, False),
        ({5: 1}, False),
        (dict.fromkeys(map(str, range(501))), False),
    ],
    ids=reprlib.repr,
)
def test_an_unknown_value_is_bounded(value: Any, valid: bool) -> None:  # noqa: FBT001 — a table column
    """What we do not know goes out only within bounds."""
    checked = check_event(with_properties({"gift": value}), "web", strict=True)
    allowed = {NOT_BOUNDED, NOT_A_KEY}
    assert valid == checked.valid
    assert all(f.path == "properties.gift" and f.message in allowed for f in checked.errors)


@pytest.mark.parametrize(
    "key", ["someone@shop.example", "+4915112345678", "", "a b", "ü"], ids=reprlib.repr
)
def test_a_key_that_may_be_personal_is_not_shown(key: str) -> None:
    """A path shows only keys that look like names of keys."""
    checked = check_event(with_properties({key: 1}), "web")
    assert (Finding("properties.<key>", UNKNOWN_KEY),) == checked.warnings
    assert checked.event["properties"][key] == 1


@pytest.mark.parametrize("key", [5, None, "k" * 257, "\ud800"], ids=reprlib.repr)
def test_a_key_that_cannot_go_out_is_an_error(key: Any) -> None:
    """Keys are bounded strings."""
    event = with_properties({key: 1})
    assert [finding.message for finding in check_event(event, "web", strict=True).errors] == [
        NOT_A_KEY
    ]


def test_an_object_with_too_many_keys_is_an_error() -> None:
    """One event cannot fill a request with its keys."""
    event = with_properties(dict.fromkeys(map(str, range(501)), 1))
    errors = check_event(event, "web", strict=True).errors
    assert errors == (Finding("properties", TOO_MANY_KEYS),)


def test_the_report_is_bounded_and_counts_the_rest() -> None:
    """A thousand equal mistakes do not make a thousand lines."""
    event = with_properties({"contents": [{"price": "x"}] * 1000})
    checked = check_event(event, "web", strict=True)
    assert (101, Finding("", "and 900 more")) == (len(checked.errors), checked.errors[-1])

"""Points in time as people write them."""

from __future__ import annotations

import pytest

from worker.reporting.timestamp import parse_timestamp

NOON = 1_795_348_800.0
"""2026-11-22T12:00:00Z."""


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("45s", NOON - 45),
        ("30m", NOON - 1_800),
        (" 2H ", NOON - 7_200),
        ("3d", NOON - 259_200),
        ("1w", NOON - 604_800),
        ("2026-11-22", NOON - 43_200),
        ("2026-11-22T12:00", NOON),
        ("2026-11-22 12:00:00Z", NOON),
        ("2026-11-22T13:00+01:00", NOON),
    ],
)
def test_a_timestamp_is_ago_or_iso(text: str, timestamp: float) -> None:
    """Without a zone it is UTC, whatever the machine thinks."""
    assert parse_timestamp(text, NOON) == timestamp


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "-2h", "22.11.2026", "1795348800"])
def test_anything_else_is_explained(text: str) -> None:
    """The error says what is allowed."""
    with pytest.raises(ValueError, match="30m, 2h, 3d, 1w"):
        parse_timestamp(text, NOON)


@pytest.mark.parametrize("text", ["999999w", "1969-12-31", "0001-01-01"])
def test_a_time_that_no_event_can_have_is_refused(text: str) -> None:
    """It could not be shown as a date, for the audit."""
    with pytest.raises(ValueError, match="from 1970 to 9999"):
        parse_timestamp(text, NOON)

"""Moments as people write them."""

from __future__ import annotations

import pytest

from tiktok_events.errors import InvalidSetting
from worker.moments import moment

NOW = 1_795_356_000.0  # 2026-11-22T14:00:00Z


@pytest.mark.parametrize(
    ("text", "ago_s"),
    [("45s", 45), ("12m", 720), ("2h", 7_200), ("1.5h", 5_400), (" 3d ", 259_200), ("1w", 604_800)],
)
def test_a_number_and_a_unit_is_so_long_ago(text: str, ago_s: float) -> None:
    """`2h` is two hours before now."""
    assert NOW - ago_s == moment(text, now=NOW)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22", NOW - 14 * 3_600),
        ("2026-11-22T14:00", NOW),
        ("2026-11-22 14:00:00", NOW),
        ("2026-11-22T14:00:00Z", NOW),
        ("2026-11-22T16:00:00+02:00", NOW),
    ],
)
def test_an_iso_time_is_of_utc_unless_it_says_otherwise(text: str, at: float) -> None:
    """Dates begin at midnight; an offset is heeded."""
    assert at == moment(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2 h", "h", "-2h", "99999999d", "2026-13-01", "1066-10-14", "nan"]
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    """The sentence shows both ways of writing a moment."""
    with pytest.raises(InvalidSetting, match=r"such as 45s, .* or a time of UTC, such as 2026"):
        moment(text, now=NOW)

"""Read timestamps as people write them: `2h` for two hours ago, a date, or an ISO time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from worker.reporting.stored import is_timestamp

_AGO: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_timestamp(text: str, now: float) -> float:
    """Return Unix seconds of a point in time, in UTC without a time zone; a date is its midnight.

    Args:
        text: `45s`, `30m`, `2h`, `3d`, `1w` before `now`, or ISO 8601.
        now: Unix seconds.

    Raises:
        ValueError: the text is neither, or not from 1970 to 9999; the message says what is allowed.
    """
    seconds = _read(text, now)
    if not is_timestamp(seconds):
        raise ValueError("must be a time from 1970 to 9999")
    return seconds


def _read(text: str, now: float) -> float:
    if ago := _AGO.fullmatch(text.strip().lower()):
        return now - int(ago[1]) * _UNIT_S[ago[2]]
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(
            "write how long ago (30m, 2h, 3d, 1w), a date (2026-11-22) "
            "or a time (2026-11-22T14:30, UTC unless it names a zone)"
        ) from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()

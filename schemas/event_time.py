"""When the event happened: Unix seconds in UTC, an integer.

How old an event may be is not decided here: a schema has no clock.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import DOUBT, EventField
from schemas.finding import note

NOT_SECONDS: Final = "must be an integer of Unix seconds in UTC, such as 1767225600"
NOT_PLAUSIBLE: Final = f"{NOT_SECONDS}, from the years 2000 to 2099"
CONVERTED: Final = "was not an integer: it is sent as one"
FLOORED: Final = "had a fraction: it is sent as whole seconds"

_FINER_UNITS: Final = (
    (10**3, "milliseconds"),
    (10**6, "microseconds"),
    (10**9, "nanoseconds"),
)
_TEXT_CHARS: Final = 40


class EventTime(EventField):
    """Unix seconds.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    def take(self, value: Any) -> Any:
        """Take an integer of this century."""
        if type(value) is int and _is_plausible(value):
            return value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Read floats and digits; refuse other units with the corrected figure."""
        seconds = _whole(value)
        if not _is_plausible(seconds):
            raise ValidationError(_out_of_bounds(seconds))
        remark = CONVERTED if isinstance(value, str) or seconds == value else FLOORED
        return seconds if type(value) is int else note(seconds, remark)


def _is_plausible(seconds: int) -> bool:
    return limits.EARLIEST_EVENT_TIME <= seconds < limits.LATEST_EVENT_TIME


def _whole(value: Any) -> int:
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(NOT_SECONDS)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(NOT_SECONDS)
    return math.floor(value)


def _from_text(text: str) -> int:
    if len(text) > _TEXT_CHARS:
        raise ValidationError(NOT_SECONDS)
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValidationError(NOT_SECONDS + _date_hint(text))


def _date_hint(text: str) -> str:
    """Return the figure that a date with a time zone stands for, as an advice."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = math.floor(moment.timestamp())
    except (ValueError, OverflowError):
        return ""
    if moment.tzinfo is None or not _is_plausible(seconds):
        return ", not a date"
    return f", not a date: here {seconds}"


def _out_of_bounds(figure: int) -> str:
    for factor, unit in _FINER_UNITS:
        if _is_plausible(figure // factor):
            return f"must be in seconds, not {unit}: here {figure // factor}"
    return NOT_PLAUSIBLE

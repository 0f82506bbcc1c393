"""When the event happened: Unix seconds in UTC, an integer.

How old an event may be is not decided here: a schema has no clock.
"""

from __future__ import annotations

import math
from typing import Any, Final

from marshmallow import ValidationError

from schemas.fields import DOUBT, EventField
from schemas.finding import mended
from tiktok_events.event.times import FIGURE, is_plausible, read_date, read_time

NOT_SECONDS: Final = "must be an integer of Unix seconds in UTC, such as 1767225600"
NOT_PLAUSIBLE: Final = f"{NOT_SECONDS}, from the years 2000 to 2099"
CONVERTED: Final = "was not an integer: it is sent as one"
FLOORED: Final = "had a fraction: it is sent as whole seconds"

_TEXT_CHARS: Final = 40


class EventTime(EventField):
    """The field `event_time`: Unix seconds.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-22).
    """

    reading = "time"

    def take(self, value: Any) -> Any:
        """Take an integer of this century."""
        if type(value) is int and is_plausible(value):
            return value
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Read floats and digits; refuse other units and dates with the figure they stand for."""
        seconds = _whole(value)
        if not is_plausible(seconds):
            raise ValidationError(_out_of_bounds(seconds))
        remark = CONVERTED if isinstance(value, str) or seconds == value else FLOORED
        return seconds if type(value) is int else mended(seconds, remark)


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
    if figure := FIGURE.fullmatch(text.strip()):
        return int(figure[1])
    raise ValidationError(NOT_SECONDS + _date_hint(text))


def _date_hint(text: str) -> str:
    """Return the figure that a date with a time zone stands for, as an advice."""
    if read_date(text) is None:
        return ""
    found = read_time(text)
    return f", not a date: here {found.seconds}" if found else ", not a date"


def _out_of_bounds(figure: int) -> str:
    found = read_time(figure)
    if found is None:
        return NOT_PLAUSIBLE
    return f"must be in seconds, not {found.unit}: here {found.seconds}"

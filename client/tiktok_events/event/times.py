"""Find the one safe reading of what people write instead of Unix seconds."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any, Final, NamedTuple

EARLIEST: Final = 946_684_800
"""Unix seconds of 2000-01-01T00:00:00Z."""

LATEST: Final = 4_102_444_800
"""Unix seconds of 2100-01-01T00:00:00Z."""

MOST_AHEAD_S: Final = 86_400
"""How far in the future a conversion may lie; beyond it, a clock or a unit is wrong. Our own limit:
TikTok documents no bound.
"""

AHEAD: Final = "lies more than a day in the future: its clock or its unit is wrong"
WAS_ISO: Final = "was a date with a time zone: it is sent as Unix seconds"
WAS_FINER: Final = "was in {}: it is sent as seconds"

_FINER_UNITS: Final = (
    (10**3, "milliseconds"),
    (10**6, "microseconds"),
    (10**9, "nanoseconds"),
)
_TEXT_CHARS: Final = 40
FIGURE: Final = re.compile(r"([0-9]+)(?:\.[0-9]*)?")
"""Matches digits, with the fraction that a spreadsheet or a language adds."""
_UTC: Final = re.compile(r"\s*(UTC|GMT)$")
_SPACED_OFFSET: Final = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


class TimeReading(NamedTuple):
    """The time that a number or a date stands for.

    Attributes:
        seconds: Unix seconds.
        unit: the unit of the number; ``None`` for a date.
    """

    seconds: int
    unit: str | None = None

    @property
    def sentence(self) -> str:
        """Return the sentence that people read."""
        return WAS_ISO if self.unit is None else WAS_FINER.format(self.unit)


def is_plausible(seconds: float) -> bool:
    """Return whether a number is in seconds and of this century."""
    return LATEST > seconds >= EARLIEST


def read_time(value: Any) -> TimeReading | None:
    """Return Unix seconds for a number in a finer unit, or for a date with its time zone.

    A date without a time zone has a reading for every zone, so it has none here.

    Args:
        value: a number, a date, or a text with digits.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _TEXT_CHARS:
            return None
        figure = FIGURE.fullmatch(text)
        return _of_figure(int(figure[1])) if figure else _of_date(text)
    if isinstance(value, float):
        return _of_figure(math.floor(value)) if math.isfinite(value) else None
    return _of_figure(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _of_figure(figure: int) -> TimeReading | None:
    for factor, unit in _FINER_UNITS:
        if is_plausible(figure // factor):
            return TimeReading(figure // factor, unit)
    return None


def _of_date(text: str) -> TimeReading | None:
    moment = read_date(text)
    try:
        seconds = math.floor(moment.timestamp()) if moment and moment.tzinfo else 0
    except OverflowError:
        return None
    return TimeReading(seconds) if is_plausible(seconds) else None


def read_date(text: str) -> datetime | None:
    """Return the time of an ISO 8601 text, as databases and languages write it too.

    The result has no time zone if the text has none.
    """
    try:
        return datetime.fromisoformat(_SPACED_OFFSET.sub("", _UTC.sub("+00:00", text.strip())))
    except ValueError:
        return None

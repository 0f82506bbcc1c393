"""Hours and days in UTC, with the names of their cells in Redis: `h:490123`, `d:20421`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

HOUR_S: Final = 3_600
DAY_S: Final = 86_400

KEPT_S: Final = 35 * DAY_S
"""How long figures are kept: an hour can be compared with that of four earlier weeks."""

_SIZES: Final = {"h": HOUR_S, "d": DAY_S}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """An hour or a day.

    Attributes:
        unit: `h` or `d`.
        number: how many hours or days after 1970 began it begins.
    """

    unit: str
    number: int

    @classmethod
    def hour(cls, number: int) -> Self:
        """Return the hour with this number."""
        return cls("h", number)

    @classmethod
    def at(cls, unit: str, timestamp: float) -> Self:
        """Return the period that contains a timestamp, Unix seconds."""
        return cls(unit, int(timestamp // _SIZES[unit]))

    @classmethod
    def read(cls, name: str) -> Self | None:
        """Return the period with this name, or `None` without one."""
        unit, _, number = name.partition(":")
        known = unit in _SIZES and number.isdecimal() and len(number) < len(str(10**9))
        return cls(unit, int(number)) if known else None

    @property
    def name(self) -> str:
        """The period's name in Redis."""
        return f"{self.unit}:{self.number}"

    @property
    def begins_at(self) -> int:
        """When the period begins, Unix seconds."""
        return self.number * _SIZES[self.unit]

    @property
    def ends_at(self) -> int:
        """When the period ends, Unix seconds, exclusive."""
        return self.begins_at + _SIZES[self.unit]

    @property
    def is_day(self) -> bool:
        """Whether the period is a day."""
        return self.unit == "d"

    @property
    def day(self) -> Period:
        """The day that contains the period."""
        return Period.at("d", self.begins_at)

    @property
    def expires_at(self) -> int:
        """When the period's cells are deleted, Unix seconds."""
        return self.ends_at + KEPT_S

"""Hours and days in UTC, as the cells of one are named in Redis: `h:490123`, `d:20421`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

HOUR_S: Final = 3_600
DAY_S: Final = 86_400

KEPT_S: Final = 35 * DAY_S
"""For so long figures are kept: the same hour of four earlier weeks can be compared."""

_SIZES: Final = {"h": HOUR_S, "d": DAY_S}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """An hour or a day.

    Attributes:
        unit: `h` or `d`.
        number: of hours or days from 1970 until it begins.
    """

    unit: str
    number: int

    @classmethod
    def hour(cls, number: int) -> Self:
        """The hour with this number."""
        return cls("h", number)

    @classmethod
    def at(cls, unit: str, timestamp: float) -> Self:
        """The one in which a timestamp lies, Unix seconds."""
        return cls(unit, int(timestamp // _SIZES[unit]))

    @classmethod
    def read(cls, name: str) -> Self | None:
        """The one with this name; `None` when there is none."""
        unit, _, number = name.partition(":")
        known = unit in _SIZES and number.isdecimal() and len(number) < len(str(10**9))
        return cls(unit, int(number)) if known else None

    @property
    def name(self) -> str:
        """Its name in Redis."""
        return f"{self.unit}:{self.number}"

    @property
    def begins_at(self) -> int:
        """Unix seconds."""
        return self.number * _SIZES[self.unit]

    @property
    def ends_at(self) -> int:
        """Unix seconds; it does not belong to it."""
        return self.begins_at + _SIZES[self.unit]

    @property
    def is_day(self) -> bool:
        """Whether it is a day."""
        return self.unit == "d"

    @property
    def day(self) -> Period:
        """The day that it belongs to."""
        return Period.at("d", self.begins_at)

    @property
    def expires_at(self) -> int:
        """When its cells are given up, Unix seconds."""
        return self.ends_at + KEPT_S

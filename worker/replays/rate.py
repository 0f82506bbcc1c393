"""The pace of a replay: events a second, with a little credit for unused time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CREDIT_S: Final = 2.0
"""How many seconds of unused time can be made up for: workers return about once a second."""

FIRST_CREDIT_S: Final = 1.0
"""How many seconds' credit a replay begins with, so that a small one ends at once."""

_ROUNDING: Final = 0.01
"""Smallest part of an event: Unix seconds in a float are exact to a quarter of a microsecond."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Allows `rate` events a second in the long run.

    Attributes:
        rate: events a second.
        paid_until: until when the rate is used up, Unix seconds.
    """

    rate: float
    paid_until: float

    @classmethod
    def of(cls, rate: float, paid_until: float | None, now: float) -> Pace:
        """Return the pace of a replay that goes on, or begins, at `now` (Unix seconds).

        Nothing is ever paid ahead: if it seems so, the clock has jumped back since.
        """
        if paid_until is None or paid_until > now:
            return cls(rate, now - max(FIRST_CREDIT_S, 1 / rate))
        return cls(rate, paid_until)

    def allowed(self, now: float) -> int:
        """Return how many events may go now."""
        return int((now - self._from(now)) * self.rate + _ROUNDING)

    def after(self, events: int, now: float) -> Pace:
        """Return the pace after so many events have gone now."""
        return Pace(self.rate, min(self._from(now) + events / self.rate, now))

    def wait_s(self, now: float) -> float:
        """Return the seconds until one more may go."""
        return max(self._from(now) + 1 / self.rate - now, 0.0)

    def _from(self, now: float) -> float:
        return max(self.paid_until, now - max(CREDIT_S, 1 / self.rate))

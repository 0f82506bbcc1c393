"""A clock that stands until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass

START = 1_767_225_600.0
"""2026-01-01, Unix seconds."""


@dataclass
class Clock:
    """Shows what it is set to.

    Attributes:
        now: seconds.
    """

    now: float = START

    def __call__(self) -> float:
        """Return the time."""
        return self.now

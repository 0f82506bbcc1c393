"""A count that threads share."""

from __future__ import annotations

from threading import Lock


class Tally:
    """Counts up; ``+=`` on a number loses counts between threads.

    Attributes:
        count: so far, in this process.
    """

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def add(self, number: int) -> None:
        """Count some more."""
        if number:
            with self._lock:
                self.count += number

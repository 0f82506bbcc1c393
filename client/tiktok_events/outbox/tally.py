"""A count that threads share."""

from __future__ import annotations

from threading import get_ident


class Tally:
    """Counts up; ``+=`` on one number loses counts between threads.

    Each thread has its own number, which nobody else writes: no lock that a fork could
    leave locked in the child.
    """

    def __init__(self) -> None:
        self._by_thread: dict[int, int] = {}

    @property
    def count(self) -> int:
        """So far, in this process."""
        return sum(list(self._by_thread.values()))

    def add(self, number: int) -> None:
        """Count some more."""
        if number:
            thread = get_ident()
            self._by_thread[thread] = self._by_thread.get(thread, 0) + number

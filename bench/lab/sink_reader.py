"""What the benchmark reads from its sink, and how it waits for events to arrive there."""

from __future__ import annotations

import time
from typing import Any

import requests

from bench.lab.program import Program

POLL_S = 0.05
STILL_S = 12
"""A design whose next event does not come for so long has lost what is missing."""


class SinkReader:
    """The sink's process and its figures."""

    def __init__(self, program: Program) -> None:
        self.pid = program.pid
        self.url = program.read_line().removeprefix("READY ")
        self.session = requests.Session()
        self.session.trust_env = False

    def read(self, path: str) -> Any:
        """Return one of its answers; see ``sink.py``."""
        return self.session.get(f"{self.url}/{path}", timeout=60).json()

    def figures(self) -> dict[str, Any]:
        """Return what arrived so far."""
        figures: dict[str, Any] = self.read("count")
        return figures

    @property
    def arrived(self) -> int:
        """How many different events have arrived."""
        distinct: int = self.figures()["distinct"]
        return distinct

    def arrivals(self) -> list[tuple[float, int]]:
        """Return when each request was accepted, and how many events it carried."""
        arrivals: list[tuple[float, int]] = self.read("arrivals")
        return arrivals

    def has(self, distinct: int) -> bool:
        """Tell whether so many different events arrived; decode only when they may have."""
        may_have: bool = self.read("progress")["events"] >= distinct
        return may_have and self.arrived >= distinct

    def wait_for(self, distinct: int, worker: Program, timeout_s: float) -> float:
        """Wait until so many different events arrived, and return when the last was accepted.

        Raises:
            ProgramError: they did not in time, or the worker ended.
        """
        give_up_at = time.monotonic() + timeout_s
        while not self.has(distinct):
            worker.check()
            if time.monotonic() > give_up_at:
                raise worker.failure(f"{self.arrived} of {distinct} events in time")
            time.sleep(POLL_S)
        return self.last_at()

    def wait_while_moving(self, distinct: int, worker: Program) -> None:
        """Wait until this many different events have arrived, or none has for a while.

        Raises:
            ProgramError: the worker ended.
        """
        moved_at = time.monotonic()
        while not self.has(distinct) and time.monotonic() < moved_at + STILL_S:
            worker.check()
            time.sleep(POLL_S)
            moved_at = max(moved_at, self.last_at())

    def last_at(self) -> float:
        """Return when the last request was accepted, in seconds of the monotonic clock."""
        last_at: float = self.read("progress")["last_at"]
        return last_at

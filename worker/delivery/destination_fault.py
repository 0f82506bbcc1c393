"""Tell a destination that refuses everything from events that are refused."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

from worker.attempts.verdict import Answer, Verdict
from worker.delivery.isolation import Met
from worker.delivery.spot_check import likeness

ALIKE: Final = 8
"""How many events refused alone in a row, with the same answer, point at the destination."""

MIXED_S: Final = 600.0
"""Seconds after an acceptance in which refusals are the events' own fault."""

REMEMBERED: Final = 10_000
"""How many destinations are remembered; beyond that all are forgotten, at one spot check each."""


class DestinationFaults:
    """What one process knows of what destinations accept; safe to use from several threads."""

    def __init__(self) -> None:
        self._accepted_at: dict[str, float] = {}
        self._rows: dict[str, tuple[object, int]] = {}
        self._lock = threading.Lock()

    def is_possible(self, destination: str, *, taken_at: float, now: float) -> bool:
        """Whether the destination may refuse everything, as far as this process knows.

        Args:
            destination: its key.
            taken_at: when the API had last taken events of it, Unix seconds; 0 when not known.
            now: Unix seconds.
        """
        return now - max(taken_at, self._accepted_at.get(destination, 0.0)) > MIXED_S

    def found(
        self, destination: str, judged: Sequence[Met[Any]], *, taken_at: float, now: float
    ) -> Answer | None:
        """The destination's fault, if what a delivery met completes the picture.

        Args:
            destination: its key.
            judged: what its events met.
            taken_at: as above.
            now: Unix seconds.
        """
        with self._lock:
            self._forget_some()
            if any(met.answer.verdict is Verdict.DELIVERED for met in judged):
                self._accepted_at[destination] = now
                self._rows.pop(destination, None)
                return None
            refusals = [m.answer for m in judged if m.alone and m.answer.verdict.leads_to.kills]
            length = self._row(destination, refusals)
            if length < ALIKE or not self.is_possible(destination, taken_at=taken_at, now=now):
                return None
            del self._rows[destination]
        return _fault(refusals[-1], length)

    def _row(self, destination: str, refusals: Sequence[Answer]) -> int:
        """Return how long the streak of equal refusals is, with these."""
        length = 0
        for answer in refusals:
            kind, before = self._rows.get(destination, (None, 0))
            length = before + 1 if kind == likeness(answer) else 1
            self._rows[destination] = likeness(answer), length
        return length

    def _forget_some(self) -> None:
        if len(self._accepted_at) + len(self._rows) > REMEMBERED:
            self._accepted_at.clear()
            self._rows.clear()


def _fault(refusal: Answer, length: int) -> Answer:
    return Answer(
        Verdict.CONFIGURATION,
        code=refusal.code,
        message=f"{length} events in a row were refused alone, all with the answer "
        f"{refusal.message!r}, and none was accepted",
        request_id=refusal.request_id,
        http_status=refusal.http_status,
    )

"""Remarks of validation that a developer should see: logged once, not once an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas import Finding
from worker.reporting.log import Log
from worker.reporting.redaction import Ours

log = Log("tiktok_events.remarks")

REMEMBERED: Final = 1_000
"""So many fields are remarked on before a process falls silent: nobody reads on after that."""


class Remarks:
    """The fields that one process has remarked on."""

    def __init__(self) -> None:
        self._fields: set[tuple[str, str]] = set()

    def note(self, destination: str, warnings: Sequence[Finding]) -> None:
        """Log the first warning about each field of a destination."""
        for warning in warnings:
            field = (destination, warning.path)
            if field not in self._fields and len(self._fields) < REMEMBERED:
                self._fields.add(field)
                log.warning(
                    "event_remark",
                    destination=destination,
                    path=warning.path,
                    message=Ours(warning.message),
                )

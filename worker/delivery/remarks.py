"""What validation lets pass but would have a developer know: said once, not once an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from schemas import Finding

log = structlog.get_logger("tiktok_events.remarks")

REMEMBERED: Final = 1_000
"""Fields a process remarks on before it falls silent: after so many nobody reads on."""

_remarked: Final[set[tuple[str, str]]] = set()


def note_warnings(destination: str, warnings: Sequence[Finding]) -> None:
    """Log the first warning that this process meets about a destination's field."""
    for warning in warnings:
        field = (destination, warning.path)
        if field not in _remarked and len(_remarked) < REMEMBERED:
            _remarked.add(field)
            log.warning(
                "event_remark",
                destination=destination,
                path=warning.path,
                message=warning.message,
            )

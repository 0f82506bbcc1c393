"""Find an event: what became of it, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from worker.operations.trace.life import Life, State, What
from worker.operations.trace.tracer import Tracer
from worker.serving.console.visit import Visit

BADGES: Final = {
    State.DELAYED: "waiting",
    State.WAITING: "waiting",
    State.CLAIMED: "running",
    State.DELIVERED: "delivered",
    State.DEAD: "dead",
    State.PURGED: "dead",
    State.ERASED: "cancelled",
}
MOVING: Final = frozenset({State.DELAYED, State.WAITING, State.CLAIMED})
_GOOD: Final = frozenset({What.DELIVERED})
_BAD: Final = frozenset({What.DIED})
_TAKEN: Final = "delivered"


def trace(visit: Visit) -> Response:
    """All events with this id, or of this order."""
    typed = visit.asked("q")
    found = None
    if typed:
        (found,) = Tracer(visit.desk.store, visit.desk.settings).trace([typed])
    return visit.page(
        "trace.html",
        live=_goes_on(visit, found.lives if found else ()),
        typed=typed,
        found=found,
        lives=found.lives if found else (),
        badges=BADGES,
        marks=_marks,
        receipts=visit.desk.settings.receipts,
    )


def _goes_on(visit: Visit, lives: Sequence[Life]) -> bool:
    """Whether somebody may wait here for what comes next."""
    if not lives:
        return bool(visit.asked("follow"))
    return any(life.state in MOVING for life in lives)


def _marks(life: Life) -> list[str]:
    """Of each step, whether it is good, bad, or neither."""
    return [
        "ok"
        if step.what in _GOOD or step.verdict == _TAKEN
        else "bad"
        if step.what in _BAD or step.what is What.ATTEMPT
        else ""
        for step in life.steps
    ]

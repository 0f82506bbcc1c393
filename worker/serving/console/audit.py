"""The audit: who did what, when, how many, with what result."""

from __future__ import annotations

from itertools import islice
from typing import Final

from starlette.responses import Response

from worker.reporting.audit_entry import MAX_ENTRIES, Action, Entry
from worker.reporting.timestamp import parse_timestamp
from worker.serving.console.query import BadQuery
from worker.serving.console.visit import Visit

SHOWN: Final = 100
LOOKED_AT: Final = 10_000
"""How many entries are searched for a person's name, which no index has."""

SINCE: Final = {"": "Any time", "1d": "A day", "7d": "7 days", "30d": "30 days"}


def overview(visit: Visit) -> Response:
    """Show the newest entries that match."""
    who, action, since = visit.asked("who"), visit.asked("action"), visit.asked("since")
    if action and action not in {one.value for one in Action}:
        raise BadQuery(f"action: must be one of {', '.join(Action)}")
    entries = visit.desk.audit.read(since=_since(visit, since), action=action or None)
    found = [one for one in islice(entries, LOOKED_AT if who else SHOWN + 1) if _is_by(one, who)]
    return visit.page(
        "audit.html",
        entries=found[:SHOWN],
        more=len(found) > SHOWN,
        who=who,
        action=action,
        since=since,
        actions=[one.value for one in Action],
        sinces=SINCE,
        kept=MAX_ENTRIES,
        trimmed=visit.desk.audit.trimmed(),
    )


def _since(visit: Visit, typed: str) -> float | None:
    try:
        return parse_timestamp(typed, visit.now) if typed else None
    except ValueError as error:
        raise BadQuery(f"since: {error}") from error


def _is_by(entry: Entry, who: str) -> bool:
    return who.lower() in entry.who.lower()

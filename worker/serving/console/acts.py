"""Show how far an act of many steps is, or what it did, from the audit alone."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from worker.reporting.audit_entry import INTERRUPTED, UNDER_WAY, Entry
from worker.serving.console.edit import replay_of
from worker.serving.console.visit import Visit

_is_id: Final = re.compile(r"(\d{1,15})-\d{1,10}").fullmatch


def show(visit: Visit) -> Response:
    """The entry of an act; an edit that has led to its replay leads on to that."""
    entry_id = visit.request.path_params["entry_id"]
    entry = _entry(visit, entry_id)
    if entry is None:
        return visit.page("act_gone.html", 404, entry_id=entry_id)
    number = replay_of(entry.result)
    if number is not None and visit.asked("replay"):
        return visit.see(f"/replays/{number}?edited={entry_id}")
    return visit.page(
        "act.html",
        live=entry.result == UNDER_WAY,
        entry=entry,
        going=entry.result == UNDER_WAY,
        interrupted=entry.result == INTERRUPTED,
        number=number,
        wished=bool(visit.asked("replay")),
    )


def _entry(visit: Visit, entry_id: str) -> Entry | None:
    found = _is_id(entry_id)
    if found is None:
        return None
    since = visit.desk.audit.read(since=int(found[1]) / 1000)
    return next((one for one in since if one.id == entry_id), None)

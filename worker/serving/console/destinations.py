"""Show which destinations do not deliver, why, and how to let them go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from starlette.responses import Response

from tiktok_events.event.destination import Destination
from worker.letters.filter import LetterFilter
from worker.operations.burial import Burial
from worker.operations.destination_figures import Condition, DestinationFigures
from worker.operations.known_destinations import Row
from worker.outbox.parking import Parking
from worker.reporting.audit_entry import Action, Entry
from worker.reporting.stored import destination_of
from worker.serving.console.jobs import Begun
from worker.serving.console.visit import Visit

SHOWN: Final = 100
AUDITED: Final = 10
AUDIT_LOOKED_AT: Final = 2_000
REASON_CHARS: Final = 200
STATES: Final = {
    "parked": "Parked",
    "slowed": "Slowed",
    "delivering": "Delivering",
    "idle": "Idle",
}
_CONDITIONS: Final = {
    Condition.PARKED: "parked",
    Condition.BACKING_OFF: "slowed",
    Condition.OK: "delivering",
}
_ORDER: Final = list(STATES)


def state_of(one: DestinationFigures, now: float) -> tuple[str, str]:
    """Return the name of a destination's state, and the word for people."""
    state = _CONDITIONS[one.condition(now)]
    if state == "delivering" and not one.waiting:
        state = "idle"
    return state, STATES[state]


def urgency(one: DestinationFigures, now: float) -> tuple[int, int, str]:
    """Return the sort key: parked ones first, then those with most waiting events."""
    return _ORDER.index(state_of(one, now)[0]), -one.waiting, one.destination


def address_of(key: str) -> str:
    """Where a destination has its page."""
    return f"/destinations/{quote(key, safe='')}"


def overview(visit: Visit) -> Response:
    """Show all destinations, or those that were asked for."""
    figures, rows = visit.desk.figures.get(), visit.desk.rows()
    name, state = visit.asked("name"), visit.asked("state")
    label = visit.desk.labels.get().of
    found = [
        row
        for key, row in rows.items()
        if (not state or state_of(row.figures, figures.at)[0] == state)
        and name.lower() in f"{key} {label(key) or ''}".lower()
    ]
    found.sort(key=lambda row: urgency(row.figures, figures.at))
    return visit.page(
        "destinations.html",
        figures=figures,
        rows=[(row, *state_of(row.figures, figures.at)) for row in found[:SHOWN]],
        found=len(found),
        total=len(rows),
        parked=sum(row.figures.parked is not None for row in rows.values()),
        typed=name,
        state=state,
        states=STATES,
    )


def one(visit: Visit) -> Response:
    """Show one destination, and how to let it go on."""
    key = visit.request.path_params["key"]
    row = visit.desk.rows().get(key)
    if row is None:
        return visit.page("destination_unknown.html", 404, key=key)
    at = visit.desk.figures.get().at
    state, word = state_of(row.figures, at)
    return visit.page(
        "destination.html",
        key=key,
        row=row,
        figures=row.figures,
        at=at,
        state=state,
        word=word,
        limits=list(_limits(visit, row)),
        facets=visit.desk.facets(LetterFilter(destination=key)),
        letters=LetterFilter(destination=key),
        salvaged=visit.desk.figures.get().changes_of(key)["salvaged"],
        entries=list(islice(_audited(visit, key), AUDITED)),
        problem=visit.desk.accounts.problem,
    )


def park(visit: Visit) -> Response:
    """Park the destination."""
    key = visit.request.path_params["key"]
    if key in visit.desk.rows():
        reason = visit.given("reason")[:REASON_CHARS] or "by hand"
        Parking(visit.desk.store).park(key, reason, who=visit.who)
        visit.desk.forget()
    return visit.see(address_of(key))


def resume(visit: Visit) -> Response:
    """Resume the destination, with one request first."""
    key = visit.request.path_params["key"]
    resumed = Parking(visit.desk.store).resume(key, who=visit.who)
    visit.desk.forget()
    return visit.see(address_of(key) + ("?done=resume" if resumed else ""))


def bury(visit: Visit) -> Response:
    """Turn what waits for a parked destination into dead letters, and resume it."""
    key = visit.request.path_params["key"]
    visit.desk.forget()
    row = visit.desk.rows().get(key)
    if row is None or row.figures.parked is None or destination_of(key) is None:
        return visit.see(address_of(key))
    if visit.given("number").replace(",", "") != str(row.figures.waiting):
        return visit.see(f"{address_of(key)}?done=number")
    reason = row.figures.parked
    entry_id = visit.desk.jobs.run(lambda begun: _run_burial(visit, key, reason, begun))
    return visit.see(f"/acts/{entry_id}")


def _run_burial(visit: Visit, key: str, reason: str, begun: Begun) -> None:
    desk = visit.desk
    burial = Burial(desk.store, f"{visit.who}:{uuid4().hex[:6]}", desk.settings)
    with desk.audit.act(Action.BURY, who=visit.who, filter=key) as entry:
        begun(entry.id)
        for died in burial.run(Destination.from_key(key), reason):
            desk.audit.note(entry, by=died)
        entry.result = "done"
    Parking(desk.store).resume(key, who=visit.who)
    desk.forget()


def _limits(visit: Visit, row: Row) -> Iterator[tuple[str, Any, bool]]:
    """Each limit that acts: its name, its value, and whether it is this destination's own."""
    known = destination_of(row.figures.destination)
    if known is None:
        return
    for name, value in asdict(visit.desk.accounts.account(known).limits).items():
        yield name.replace("_", " "), value, name in row.limits


def _audited(visit: Visit, key: str) -> Iterator[Entry]:
    """Return what was done to it, newest first."""
    entries = islice(visit.desk.audit.read(), AUDIT_LOOKED_AT)
    acts = {Action.PARK.value, Action.RESUME.value, Action.BURY.value}
    return (entry for entry in entries if entry.what == key and entry.action in acts)

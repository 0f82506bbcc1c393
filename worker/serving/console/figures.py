"""Show figures by the hour or the day."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from worker.reporting.figures.names import ANY
from worker.reporting.figures.period import DAY_S
from worker.reporting.figures.reading import Asked, By, read_asked
from worker.reporting.figures.summary import of_all_events
from worker.reporting.timestamp import parse_timestamp
from worker.serving.console.query import BadQuery, read_filter
from worker.serving.console.visit import Visit

LOOK_BACK_S: Final = {"hour": DAY_S, "day": 35 * DAY_S}
SINCE: Final = {"": "Of late", "1d": "A day", "7d": "7 days", "35d": "35 days"}
MOST_HOURS: Final = 8 * 24


def figures(visit: Visit) -> Response:
    """Show what was accepted, delivered and died."""
    by: By = "day" if visit.asked("by") == "day" else "hour"
    key = read_filter(visit.pairs, visit.desk.labels.get(), visit.now).destination
    event = visit.asked("event") or None
    since = _since(visit, by)
    found = read_asked(visit.desk.store, Asked(since, visit.now, by, key or ANY, event))
    rows = found if event is not None else of_all_events(found)
    return visit.page(
        "figures.html",
        rows=sorted(rows, key=lambda row: -row.at)[:MOST_HOURS],
        by=by,
        key=key or "",
        event=event or "",
        since=visit.asked("since"),
        sinces=SINCE,
        events=sorted({row.event for row in found if row.event not in {"", ANY}}),
        known=sorted(visit.desk.rows()),
    )


def _since(visit: Visit, by: By) -> float:
    try:
        typed = visit.asked("since")
        return parse_timestamp(typed, visit.now) if typed else visit.now - LOOK_BACK_S[by]
    except ValueError as error:
        raise BadQuery(f"since: {error}") from error

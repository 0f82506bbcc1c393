"""Search from any page: a dead letter by its id, or what became of an event."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from worker.serving.console.visit import Visit


def find(visit: Visit) -> Response:
    """Redirect to what was searched for."""
    typed = visit.asked("q")
    if not typed:
        return visit.see("/trace")
    if visit.desk.letters.get(typed) is not None:
        return visit.see(f"/dead/{typed}")
    return visit.see(f"/trace?{urlencode({'q': typed})}")

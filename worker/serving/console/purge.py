"""Purging letters: what would be gone, worth what; then the purge."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from worker.letters.purging import purge_all
from worker.reporting.audit_entry import Action
from worker.serving.console.jobs import Begun
from worker.serving.console.previews import Meant, meant, pressed, selected, sign, stale
from worker.serving.console.visit import Visit

TYPED_ABOVE: Final = 1_000
"""Whoever purges more types the number, so that no press can do it by itself."""


def preview(visit: Visit) -> Response:
    """What would be gone; nothing is."""
    wanted = selected(visit)
    return wanted if isinstance(wanted, Response) else _preview(visit, meant(visit, wanted))


def _preview(visit: Visit, what: Meant, there: int | None = None, problem: str = "") -> Response:
    facets = visit.desk.facets(what.wanted)
    return visit.page(
        "purge.html",
        400 if problem else 200,
        what=what,
        there=there,
        problem=problem,
        facets=facets,
        money={c: one["total"] for c, one in facets.total.as_dict()["money"].items()},
        typed=what.count > TYPED_ABOVE,
        token=sign(visit, "purge", what),
    )


def act(visit: Visit) -> Response:
    """Purge what was previewed."""
    found = pressed(visit, "purge")
    if found is None:
        return stale(visit)
    what, there = found
    if there != what.count:
        return _preview(visit, meant(visit, what.wanted), what.count)
    if what.count > TYPED_ABOVE and visit.given("number").replace(",", "") != str(what.count):
        problem = f"Type {what.count:,}, the number of letters that would be gone."
        return _preview(visit, meant(visit, what.wanted), None, problem)
    entry_id = visit.desk.jobs.run(lambda begun: _run(visit, what, begun))
    visit.desk.forget()
    return visit.see(f"/acts/{entry_id}")


def _run(visit: Visit, what: Meant, begun: Begun) -> None:
    desk, words = visit.desk, what.wanted.words()
    with desk.audit.act(Action.PURGE, who=visit.who, filter=words) as entry:
        begun(entry.id)
        purge_all(desk.letters, what.selection, entry.step(), lambda _: None)
    desk.forget()

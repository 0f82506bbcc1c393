"""Privacy: what is here of a person, and its erasure. Values stand in no address and no log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from tiktok_events.errors import InvalidEvent
from worker.operations.data_subject import IDENTIFYING, DataSubject
from worker.operations.erasure_desk import NOUNS, erasure_desk
from worker.operations.erasure_found import Found
from worker.reporting.audit_entry import Action
from worker.serving.console.jobs import Begun
from worker.serving.console.previews import stale
from worker.serving.console.signing import USED_S
from worker.serving.console.visit import Visit

_PURPOSE: Final = "preview.erase"


def ask(visit: Visit) -> Response:
    """Whom?"""
    return _page(visit, None)


def count(visit: Visit) -> Response:
    """How much there is of a person; nothing is removed."""
    values = {key: [value] for key in IDENTIFYING if (value := visit.given(key))}
    if not values:
        return _page(visit, None, "Say who: one of the three will do.")
    try:
        subject = DataSubject.of(values, visit.desk.settings.default_region)
    except InvalidEvent as error:
        return _page(visit, None, f"{NOUNS[error.path]}: {error.message}")
    with erasure_desk(visit.desk.store, visit.desk.settings, values, subject) as desk:
        found = desk.count(lambda: None)
    return _page(visit, found, token=_token(visit, subject, values))


def erase(visit: Visit) -> Response:
    """Erase what was counted."""
    token = visit.given("preview")
    known = visit.desk.signer.read(_PURPOSE, token, USED_S)
    if not isinstance(known, dict) or known["who"] != visit.who or not visit.desk.signer.use(token):
        return stale(visit)
    entry_id = visit.desk.jobs.run(lambda begun: _run(visit, known, begun))
    visit.desk.forget()
    return visit.see(f"/acts/{entry_id}")


def _run(visit: Visit, known: Mapping[str, Any], begun: Begun) -> None:
    subject = DataSubject({key: frozenset(one) for key, one in known["digests"].items()})
    values = {key: [""] * number for key, number in known["numbers"].items()}
    desk = visit.desk
    with (
        erasure_desk(desk.store, desk.settings, values, subject) as at,
        desk.audit.act(Action.ERASE, who=visit.who, filter=at.words) as entry,
    ):
        begun(entry.id)
        at.erase(entry, lambda: None)
    desk.forget()


def _token(visit: Visit, subject: DataSubject, values: Mapping[str, Sequence[str]]) -> str:
    """The digests, signed: the values themselves go no further than this request."""
    return visit.desk.signer.sign(
        _PURPOSE,
        {
            "who": visit.who,
            "digests": {key: sorted(one) for key, one in subject.digests.items()},
            "numbers": {key: len(one) for key, one in values.items()},
        },
    )


def _page(visit: Visit, found: Found | None, problem: str = "", token: str = "") -> Response:
    return visit.page(
        "privacy.html",
        400 if problem else 200,
        found=found,
        problem=problem,
        token=token,
        nouns=NOUNS,
    )

"""Edit letters: preview what would change, then carry it out."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from schemas.paths import ABSENT, EventPath, PathError
from worker.delivery.strictness import strictness
from worker.letters.editing import Editing
from worker.letters.filter import LetterFilter
from worker.letters.repair import Edit, Outcome, Repair, Repairer
from worker.letters.tally import Tally
from worker.reporting.audit_entry import Action
from worker.serving.console.jobs import Begun
from worker.serving.console.previews import (
    Meant,
    looked_at,
    meant,
    pressed,
    rate_of,
    selected,
    sign,
    stale,
)
from worker.serving.console.query import BadQuery
from worker.serving.console.replays import foreseen, ordered
from worker.serving.console.visit import Visit

VALUES: Final = 5
EDIT_AND_REPLAY: Final = "edit-and-replay"
_PERSONAL: Final = (
    "a match key belongs to a person, and an address is no place for it; "
    "tiktok-events dead edit --patch - takes it from standard input"
)
_replayed: Final = re.compile(r"replay (\d+)$").search


def preview(visit: Visit) -> Response:
    """Show what an edit would do, without changing anything."""
    wanted = selected(visit)
    if isinstance(wanted, Response):
        return wanted
    sets, unsets = _sets(visit), [one for name, one in visit.pairs if name == "unset" and one]
    for path in unsets:
        _refuse_personal(path)
    change = {
        "set": sets,
        "unset": unsets,
        "rate": rate_of(visit.asked("rate")),
        "new": visit.asked("new") == "1",
        "accept": visit.asked("accept") == "1",
    }
    return _preview(visit, meant(visit, wanted, **change))


@dataclass(frozen=True, slots=True)
class Looked:
    """The letters that a preview has looked at.

    Attributes:
        tally: what became of each.
        repairs: of those that would change.
        values: what stands at the path now.
    """

    tally: Tally
    repairs: list[Repair]
    values: Counter[str]


def _preview(visit: Visit, what: Meant, there: int | None = None) -> Response:
    """The page, with what it would do; `there` is how many there were, if not as many."""
    sets = what.change["set"]
    edit, problem = _edit(what.change)
    path = sets[-1].partition("=")[0] if sets else _path(visit, what.wanted)
    looked = _look(visit, what, edit, path)
    repaired = [repair.new for repair in looked.repairs]
    plan = foreseen(visit, what, filter(None, repaired))
    return visit.page(
        "edit.html",
        what=what,
        there=there,
        problem=problem,
        sets=sets,
        unsets=what.change["unset"],
        path=path,
        looked_at=looked,
        values=looked.values.most_common(VALUES),
        examples=_examples(looked.repairs),
        edited=looked.tally.counts[Outcome.EDITED],
        plan=plan,
        rate=what.change["rate"],
        soonest=min((one.expires_at for one in repaired if one), default=None),
        token=sign(visit, "edit", what) if edit.changes_anything and not problem else "",
    )


def _look(visit: Visit, what: Meant, edit: Edit, path: str) -> Looked:
    """Look at the letters with the nearest deadline, one by one."""
    repairer, looked = _repairer(visit, edit), Looked(Tally(frozenset()), [], Counter())
    for letter in looked_at(visit.desk.letters.find(what.selection)):
        looked.values[_standing(letter.body, path)] += 1
        if edit.changes_anything:
            repair = repairer.repair(letter, visit.now)
            looked.tally.add(repair)
            if repair.new is not None:
                looked.repairs.append(repair)
    return looked


def act(visit: Visit) -> Response:
    """Carry out the previewed edit, and replay the letters if that was asked for."""
    found = pressed(visit, "edit")
    if found is None:
        return stale(visit)
    what, there = found
    if there != what.count:
        now = meant(visit, what.wanted, **what.change)
        return _preview(visit, now, what.count)
    replays = visit.given("press") == EDIT_AND_REPLAY
    entry_id = visit.desk.jobs.run(lambda begun: _run(visit, what, begun, replays=replays))
    visit.desk.forget()
    return visit.see(f"/acts/{entry_id}?{'replay=1' if replays else ''}".rstrip("?"))


def _run(visit: Visit, what: Meant, begun: Begun, *, replays: bool) -> None:
    """The edit, and then the replay, unless a letter was refused: then somebody is asked."""
    edit, _ = _edit(what.change)
    desk, words = visit.desk, what.wanted.words()
    is_new = edit.new_identity or None
    with desk.audit.act(Action.EDIT, who=visit.who, filter=words, new_identity=is_new) as entry:
        begun(entry.id)
        editing = Editing(
            desk.letters, what.selection, _repairer(visit, edit), round(time.time(), 3)
        )
        tally = Tally(frozenset())
        editing.run(tally, entry.step(), lambda _: None)
        entry.result = f"done, {tally.refused:,} refused" if tally.refused else "done"
        if replays and not tally.refused:
            number = ordered(visit, what, tally.counts[Outcome.EDITED])
            entry.result = f"done, replay {number}"
    desk.forget()


def replay_of(result: str | None) -> int | None:
    """Return the replay to which an edit has led."""
    found = _replayed(result or "")
    return int(found[1]) if found else None


def _repairer(visit: Visit, edit: Edit) -> Repairer:
    settings = visit.desk.settings
    return Repairer(edit, settings, visit.who, strictness(settings))


def _sets(visit: Visit) -> list[str]:
    """What is to be set, as `path=value`: from the address, and from the two fields of the form."""
    given = [one for name, one in visit.pairs if name == "set" and "=" in one]
    if path := visit.asked("path"):
        given = [one for one in given if one.partition("=")[0] != path]
        given.append(f"{path}={visit.asked('value')}")
    for one in given:
        _refuse_personal(one.partition("=")[0])
    return given


def _refuse_personal(path: str) -> None:
    """A page must not show what stands in `user`, nor take it from an address."""
    if path.strip().partition(".")[0] == "user":
        raise BadQuery(f"{path}: {_PERSONAL}")


def _edit(change: Mapping[str, Any]) -> tuple[Edit, str]:
    """The edit, or what is wrong with it."""
    try:
        values = [
            (path := EventPath.parse(one.partition("=")[0]), path.read(one.partition("=")[2]))
            for one in change["set"]
        ]
        removed = [(EventPath.parse_any(one), ABSENT) for one in change["unset"]]
    except PathError as error:
        return Edit(), str(error)
    return Edit(None, (*values, *removed), change["new"], change["accept"]), ""


def _path(visit: Visit, wanted: LetterFilter) -> str:
    """The field that most of the letters died of, if one may be edited here."""
    if wanted.field:
        return wanted.field
    fields = visit.desk.facets(wanted).groups["field"]
    path = next((str(one) for one in fields if one), "")
    return "" if path.startswith("user") else path


def _standing(body: Any, path: str) -> str:
    """Return the value at a path without lists, in words."""
    value = body
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict | list) or not path:
        return ""
    return str(value)[:40]


def _examples(edited: Sequence[Repair]) -> list[Repair]:
    """Return the first, a middle one, and the last."""
    places = dict.fromkeys((0, len(edited) // 2, len(edited) - 1))
    return [edited[place] for place in places] if edited else []

"""Show one letter: why it died, and whether it can still be sent."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response

from schemas.catalogue import CURRENCIES
from worker.letters.filter import LetterFilter
from worker.letters.laid_open import laid_open
from worker.letters.letter import DeadLetter
from worker.reporting.audit_entry import Action
from worker.serving.console.visit import Visit

HIDDEN: Final = "hidden"
NEAR: Final = 3
PERSONAL: Final = frozenset({"user", "_remarks"})
EDITABLE: Final = (str, int, float)

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an event as it is shown.

    Attributes:
        indent: blanks before it.
        name: of the key, with its colon; empty in a list.
        text: the value, or how it begins.
        end: what follows.
        steps: where it stands.
        hidden: whether the value is not shown.
    """

    indent: int
    name: str
    text: str
    end: str
    steps: Steps
    hidden: bool = False


def show(visit: Visit) -> Response:
    """Show a letter with its match keys hidden."""
    return _show(visit, shows=False)


def reveal(visit: Visit) -> Response:
    """Show a letter with its match keys, and record that in the audit."""
    letter_id = visit.request.path_params["letter_id"]
    visit.desk.audit.record(
        Action.REVEAL, who=visit.who, filter=f"letter {letter_id}", count=1, result="shown"
    )
    return _show(visit, shows=True)


def _show(visit: Visit, *, shows: bool) -> Response:
    letter_id = visit.request.path_params["letter_id"]
    letter = visit.desk.letters.get(letter_id)
    if letter is None:
        return visit.page("letter_gone.html", 404, letter_id=letter_id)
    body = laid_open(letter) if isinstance(letter.body, dict) else letter.body
    lines = list(_lines(body, (), "", "", hides=not shows))
    path = _steps(letter.path)
    value = _at(body, path)
    return visit.page(
        "letter.html",
        letter=letter,
        lines=lines,
        blamed=_blamed(lines, path),
        shows=shows,
        repairable=isinstance(value, EDITABLE) and bool(path) and path[0] not in PERSONAL,
        value=value,
        near=_near(letter, value),
        alike=_alike(visit, letter),
        left_s=letter.expires_at - visit.now,
        only=LetterFilter(ids=(letter.id,)),
    )


def _alike(visit: Visit, letter: DeadLetter) -> tuple[LetterFilter, int]:
    """Return letters that died of the same cause at the same destination."""
    alike = LetterFilter(
        reason=letter.reason,
        code=letter.code,
        field=letter.field,
        destination=letter.destination,
    )
    return alike, visit.desk.facets(alike).total.letters


def _lines(value: Any, at: Steps, name: str, end: str, *, hides: bool) -> Iterator[Line]:
    """The lines of a value; of what may be a person's, no value."""
    indent = 2 * len(at)
    inside = bool(at) and at[0] in PERSONAL
    if isinstance(value, dict | list) and value:
        opens, closes = "{}" if isinstance(value, dict) else "[]"
        yield Line(indent, name, opens, "", at)
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        for place, (key, item) in enumerate(items, 1):
            word = f"{_json(key)}: " if isinstance(value, dict) else ""
            comma = "" if place == len(items) else ","
            yield from _lines(item, (*at, key), word, comma, hides=hides)
        yield Line(indent, "", closes, end, ())
    elif inside and hides:
        yield Line(indent, name, HIDDEN, end, at, hidden=True)
    else:
        yield Line(indent, name, _json(value), end, at)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


_is_position: Final = re.compile(r"[0-9]{1,6}").fullmatch


def _steps(path: str | None) -> Steps:
    steps = (path or "").split(".") if path else []
    return tuple(int(step) if _is_position(step) else step for step in steps)


def _at(value: Any, steps: Steps) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _blamed(lines: list[Line], path: Steps) -> int:
    """The line that is to blame, or that what is missing would stand below; -1 for none."""
    for length in range(len(path), 0, -1):
        for place, line in enumerate(lines):
            if line.steps == path[:length]:
                return place
    return 0 if path else -1


def _near(letter: DeadLetter, value: Any) -> list[str]:
    """Allowed values that are like what stands there."""
    if not isinstance(value, str) or not (letter.path or "").endswith("currency"):
        return []
    return difflib.get_close_matches(value.upper(), sorted(CURRENCIES), NEAR, 0.6)

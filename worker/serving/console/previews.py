"""What stands between a wish and an act: what is meant, counted, signed, and good for one press.

The token holds filter, moment, count and change. At the press the letters are counted again; if
there are more or fewer, nothing is done and the preview returns with both numbers.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import Response

from worker.letters.dead_letters import DeadLetter
from worker.letters.filter import LetterFilter
from worker.replays.state import MAX_RATE, MIN_RATE, RATE
from worker.serving.console.signing import USED_S
from worker.serving.console.visit import Visit

LEAST: Final = 500
MOST: Final = 2_500
LOOKS_FOR_S: Final = 0.3
"""A preview looks at so many letters at least and at most, one by one, and for about so long."""

_CHOICES: Final = frozenset({"rate", "set", "unset", "path", "value", "accept", "new"})

ALL: Final = "all"
TICKED: Final = "ticked"


@dataclass(frozen=True, slots=True)
class Meant:
    """The letters that an act is about.

    Attributes:
        wanted: the filter as it was asked.
        until: only what died before, Unix seconds: what dies meanwhile is not meant.
        count: how many there are.
        change: what else was chosen.
    """

    wanted: LetterFilter
    until: float
    count: int
    change: Mapping[str, Any]

    @property
    def selection(self) -> LetterFilter:
        """The filter with its moment."""
        if self.wanted.ids:
            return self.wanted
        return replace(self.wanted, until=min(self.until, self.wanted.until or self.until))


def meant(visit: Visit, wanted: LetterFilter, **change: Any) -> Meant:
    """The letters that matched when their figures were read, a moment ago."""
    facets = visit.desk.facets(wanted)
    return Meant(wanted, facets.at, visit.desk.count(wanted, facets.at, facets), change)


def sign(visit: Visit, act: str, what: Meant) -> str:
    """The token of a preview: for this act, this person, once."""
    return visit.desk.signer.sign(
        f"preview.{act}",
        {
            "who": visit.who,
            "wanted": what.wanted.as_dict(),
            "until": what.until,
            "count": what.count,
            "change": dict(what.change),
            "once": secrets.token_urlsafe(9),
        },
    )


def pressed(visit: Visit, act: str) -> tuple[Meant, int] | None:
    """What was previewed, and how many there are now; `None` if it is no preview for this press."""
    token = visit.given("preview")
    known = visit.desk.signer.read(f"preview.{act}", token, USED_S)
    if not isinstance(known, dict) or known["who"] != visit.who:
        return None
    wanted = LetterFilter.from_dict(known["wanted"])
    what = Meant(wanted, known["until"], known["count"], known["change"])
    there = visit.desk.count(wanted, what.until)
    if there != what.count:
        visit.desk.forget()
    elif not visit.desk.signer.use(token):
        return None
    return what, there


def selected(visit: Visit) -> LetterFilter | Response:
    """The letters that the address means; a page that asks, where that is not clear.

    A browser that draws no other buttons for ticked rows may send both: `scope=all`, and ids.
    """
    wanted, scope = visit.wanted(), visit.asked("scope")
    if scope == ALL and wanted.ids:
        every = replace(wanted, ids=())
        count = visit.desk.facets(every).total.letters
        return visit.page(
            "which.html",
            409,
            ticked=LetterFilter(ids=wanted.ids),
            every=every,
            count=count,
            path=visit.request.url.path,
            more=_more(visit),
        )
    if scope == TICKED and not wanted.ids:
        return visit.page("nothing.html", 400, wanted=wanted)
    return LetterFilter(ids=wanted.ids) if wanted.ids else wanted


def looked_at(letters: Iterable[DeadLetter]) -> Iterator[DeadLetter]:
    """The letters that a preview looks at one by one: those with the nearest deadline."""
    ends = time.monotonic() + LOOKS_FOR_S
    for number, letter in enumerate(letters):
        if number >= MOST or (number >= LEAST and time.monotonic() > ends):
            return
        yield letter


def rate_of(typed: str) -> float:
    """Events a second, within the bounds of the command; the usual rate for what is no number."""
    try:
        rate = float(typed)
    except ValueError:
        return RATE
    return min(max(rate, MIN_RATE), MAX_RATE) if math.isfinite(rate) else RATE


def stale(visit: Visit) -> Response:
    """The answer to a press that is no good any more: nothing is done."""
    return visit.page("stale.html", 409)


def _more(visit: Visit) -> dict[str, str]:
    """What else the address asks for: one value of each name."""
    return {name: value for name, value in visit.pairs if name in _CHOICES}

"""Show dead letters, by cause and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from starlette.responses import Response

from worker.letters.dead_letters import Cursor, DeadLetter
from worker.letters.facets import Facets, Sum
from worker.letters.filter import LetterFilter
from worker.letters.kind import is_whole
from worker.serving.console.desk import FIRST
from worker.serving.console.query import BadQuery, address, changed, pairs_of, read_words
from worker.serving.console.visit import Visit

SHOWN: Final = FIRST - 1
CAUSES: Final = 20
VALUES: Final = 8
FACETS: Final = {
    "reason": "Reason",
    "time_left": "Lost in",
    "destination": "Destination",
    "event": "Event",
    "field": "Field",
    "code": "Code",
    "currency": "Currency",
    "ambiguous": "May have arrived",
    "age": "Died",
}
LINKED: Final = frozenset({"reason", "destination", "event", "field", "code", "ambiguous"})
_SPANS: Final = {"expired": "lost already"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet.

    Attributes:
        word: what it is called.
        sum: its letters.
        url: the same list with this value only; empty where no filter can say it.
    """

    word: str
    sum: Sum
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One dimension.

    Attributes:
        title: of it.
        values: the largest first.
        more: how many values are not shown.
    """

    title: str
    values: list[Value]
    more: int

    @property
    def largest(self) -> int:
        """The letters of its largest value."""
        return max((one.sum.letters for one in self.values), default=0)


def overview(visit: Visit) -> Response:
    """Show the causes or, with a filter, the letters."""
    wanted = visit.wanted()
    if typed := visit.asked("q"):
        narrowed = read_words(typed, wanted, visit.desk.labels.get(), visit.now)
        return visit.see(address("/dead", narrowed))
    facets = visit.desk.facets(wanted)
    every = list(_facets(visit, facets, wanted))
    known: dict[str, Any] = {
        "wanted": wanted,
        "facets": facets,
        "various": [one for one in every if len(one.values) > 1],
        "same": [one.title.lower() for one in every if len(one.values) == 1],
        "tokens": list(_tokens(visit, wanted)),
        "pairs": [(name, value) for name, value in pairs_of(wanted) if name != "id"],
    }
    if wanted.narrows or visit.asked("list"):
        return _list(visit, wanted, known)
    causes = visit.desk.causes(wanted).lots
    return visit.page(
        "dead.html",
        **known,
        lots=causes[:CAUSES],
        causes=len(causes),
        retained=visit.desk.figures.get().purged_within_a_day,
    )


def _list(visit: Visit, wanted: LetterFilter, known: dict[str, Any]) -> Response:
    letters = _page(visit, wanted, _cursor(visit))
    shown = letters[:SHOWN]
    return visit.page(
        "letters.html",
        **known,
        letters=shown,
        onward=str(Cursor.of(shown[-1])) if len(letters) > SHOWN else "",
        begun=bool(visit.asked("after")),
        lots=visit.desk.causes(wanted).lots,
    )


def _page(visit: Visit, wanted: LetterFilter, after: Cursor | None) -> Sequence[DeadLetter]:
    """The letters of one page, and the next one; the first page is shared by all who look."""
    if after is None:
        return visit.desk.first(wanted)
    found = visit.desk.letters.find(wanted, after=after, now=visit.now)
    return list(islice(found, FIRST))


def _cursor(visit: Visit) -> Cursor | None:
    try:
        return Cursor.parse(visit.asked("after")) if visit.asked("after") else None
    except ValueError as error:
        raise BadQuery("after: must be a cursor, as the link to the next page has one") from error


def _tokens(visit: Visit, wanted: LetterFilter) -> Iterator[tuple[str, str, str]]:
    """Each condition: its name, its value for people, and the list without it."""
    known = wanted.as_dict()
    if ids := known.pop("ids", ()):
        yield "letters", f"{len(ids):,} ticked", address("/dead", replace(wanted, ids=()))
    for name, value in pairs_of(replace(wanted, ids=())):
        word = visit.desk.labels.get().short(value) if name == "destination" else value
        yield name.replace("_", " "), word, address("/dead", changed(wanted, name, None))


def _facets(visit: Visit, facets: Facets, wanted: LetterFilter) -> Iterator[Facet]:
    for name, title in FACETS.items():
        sums = facets.groups[name]
        if getattr(wanted, name, None) is None:
            values = [_value(visit, wanted, name, value, one) for value, one in sums.items()]
            yield Facet(title, values[:VALUES], len(values) - VALUES)


def _value(visit: Visit, wanted: LetterFilter, name: str, value: Any, one: Sum) -> Value:
    if isinstance(value, bool):
        word = "yes" if value else "no"
    elif name == "destination":
        word = visit.desk.labels.get().short(value) if value else "none"
    else:
        spans = _SPANS if name == "time_left" else {}
        word = "none" if value in {None, ""} else spans.get(str(value), str(value))
    exact = name in LINKED and (name != "event" or (value is not None and is_whole(value)))
    given = "" if name == "destination" and value is None else value
    url = address("/dead", changed(wanted, name, given)) if exact and given is not None else ""
    return Value(word, one, url)

"""Now: is it well, and what has somebody to do?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from worker.letters.causes import Lot, money_of
from worker.letters.facets import EXPIRED, Facets
from worker.letters.ledger import HOUR_S
from worker.operations.destination_figures import DestinationFigures
from worker.operations.status import Figures
from worker.serving.console.destinations import address_of, state_of, urgency
from worker.serving.console.query import address
from worker.serving.console.visit import Visit
from worker.serving.console.words import counted

TASKS: Final = 6
SHOWN: Final = 7
WORKERS: Final = 8


@dataclass(frozen=True, slots=True)
class Task:
    """What waits for a person.

    Attributes:
        kind: `dead` or `parked`.
        title: what it is.
        words: why.
        since: Unix seconds, or `None`.
        count: how many events it is about, in words.
        money: what they are worth, by currency.
        lost_at: when the first of them is lost, Unix seconds; `None` if nobody knows.
        url: where it is looked after.
        verb: what the button says.
    """

    kind: str
    title: str
    words: str
    since: float | None
    count: str
    money: Mapping[str, float]
    lost_at: float | None
    url: str
    verb: str


def now(visit: Visit) -> Response:
    """The first screen."""
    desk = visit.desk
    figures, facets = desk.figures.get(), desk.facets()
    tasks = sorted(_tasks(visit, figures), key=lambda one: one.lost_at or float("inf"))
    rows = sorted(figures.destinations, key=lambda one: urgency(one, figures.at))
    return visit.page(
        "now.html",
        live=True,
        figures=figures,
        tasks=tasks[:TASKS],
        others=len(tasks) - TASKS,
        sums=list(_sums(figures)),
        missing=figures.unaccounted + figures.dead_unaccounted,
        rates=desk.site.rates,
        rows=[(one, *state_of(one, figures.at)) for one in rows[:SHOWN]],
        losses=_losses(facets),
        workers=desk.workers.get()[:WORKERS],
    )


def _tasks(visit: Visit, figures: Figures) -> Iterator[Task]:
    for lot in visit.desk.causes().lots:
        if lot.sum.recoverable:
            yield _of_cause(lot)
    for one in figures.destinations:
        if one.parked is not None:
            yield _of_parked(visit, one)


def _of_cause(lot: Lot) -> Task:
    letters = counted(lot.sum.letters, "letter")
    where = counted(len(lot.destinations), "destination")
    return Task(
        "dead",
        f"{letters}, one cause:",
        lot.cause.message,
        None,
        f"{lot.cause.reason}, {where}, {lot.sum.recoverable:,} can still be sent",
        money_of(lot.sum),
        None if lot.sum.soonest is None else (lot.sum.soonest + 1) * HOUR_S,
        address("/dead", lot.wanted),
        f"Open {letters}",
    )


def _of_parked(visit: Visit, one: DestinationFigures) -> Task:
    name = visit.desk.labels.get().short(one.destination)
    return Task(
        "parked",
        f"{name} is parked:",
        (one.parked or "").rstrip("."),
        one.parked_at,
        f"nothing is sent, {_waiting(one.waiting)}",
        {},
        one.expires_at,
        address_of(one.destination),
        "See how to resume",
    )


def _waiting(events: int) -> str:
    if not events:
        return "nothing waits"
    return f"{counted(events, 'event')} {'waits' if events == 1 else 'wait'} safely"


def _sums(figures: Figures) -> Iterator[tuple[str, int, str]]:
    """Each place where accepted events are: its name, how many, and where to see them."""
    yield "delivered", figures.count("delivered"), ""
    yield "waiting", figures.waiting, "/destinations"
    yield "held back", figures.delayed, ""
    yield "dead", figures.dead, "/dead"
    yield "cancelled", figures.count("cancelled"), ""
    yield "purged", figures.count("purged"), ""
    yield "erased", figures.count("erased"), ""


def _losses(facets: Facets) -> Sequence[tuple[str, int, Mapping[str, float]]]:
    """How many dead letters are lost when, and what they are worth."""
    left = facets.groups["time_left"]
    return [(span, one.recoverable, money_of(one)) for span, one in left.items() if span != EXPIRED]

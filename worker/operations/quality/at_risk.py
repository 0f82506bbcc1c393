"""Value at risk: what undelivered events are worth, by the time that is left for them.

Waiting, parked and delayed events are sampled: some blocks of each destination, spread over time,
stand for the others. The figures of dead letters come from the ledger, exactly.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, cast

from tiktok_events.outbox.store import Store
from worker.letters.ledger import THOUSANDTHS, read_cells, read_kinds, thousandths_of
from worker.operations.destination_figures import DestinationFigures
from worker.operations.status import Figures
from worker.reporting.figures.period import HOUR_S
from worker.reporting.stored import destination_of, document_of, text_of
from worker.settings import Settings

WITHIN_H: Final = (1, 6, 24, 72, 168, 672)
"""Limits of the classes in hours; what has more time counts in the last class."""

SAMPLES: Final = 50
"""How many blocks of a destination are read: up to 5,000 events, about ten milliseconds."""

DESTINATIONS: Final = 100
"""How many destinations are sampled: those with the most waiting events."""

DELAYED: Final = 1_000
"""How many delayed events of a shard are read: those that are released first."""

_CURRENCY: Final = re.compile(r"[A-Z]{3}").fullmatch

WAITING, PARKED, DELAYED_STATE, DEAD = "waiting", "parked", "delayed", "dead"


@dataclass(frozen=True, slots=True)
class Risk:
    """What would be lost.

    Attributes:
        state: `waiting`, `parked`, `delayed` or `dead`.
        currency: ISO 4217; empty for events without a value.
        within_h: the time left: at most so many hours.
        events: how many events.
        value: what they are worth, in the currency.
    """

    state: str
    currency: str
    within_h: int
    events: int
    value: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "state": self.state,
            "currency": self.currency or None,
            "within_h": self.within_h,
            "events": self.events,
            "value": round(self.value, 2),
        }


Sums = defaultdict[tuple[str, str, int], list[float]]


def read_at_risk(
    store: Store, settings: Settings, figures: Figures, *, only: str | None = None
) -> list[Risk]:
    """Return what is at risk, by state, currency and time left.

    Args:
        store: the outbox.
        settings: settings with the windows.
        figures: figures of the same moment.
        only: only of this destination; default: of all.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    sums: Sums = defaultdict(lambda: [0.0, 0.0])
    waiting = [one for one in figures.destinations if one.waiting and _is(one.destination, only)]
    for one in sorted(waiting, key=_most_first)[:DESTINATIONS]:
        state = WAITING if one.parked is None else PARKED
        events = _sampled(store, one)
        _add(sums, state, events, one, figures.at, settings)
    for name, events in _delayed(store).items():
        if _is(name, only):
            of = DestinationFigures(name, len(events))
            _add(sums, DELAYED_STATE, events, of, figures.at, settings)
    _add_dead(sums, store, figures.at, only)
    return [
        Risk(*place, round(events), worth / THOUSANDTHS)
        for place, (events, worth) in sorted(sums.items())
        if round(events)
    ]


def _is(destination: str, only: str | None) -> bool:
    return only in {None, destination}


def _most_first(one: DestinationFigures) -> tuple[int, str]:
    return -one.waiting, one.destination


def _add(
    sums: Sums,
    state: str,
    events: Sequence[Any],
    of: DestinationFigures,
    now: float,
    settings: Settings,
) -> None:
    """Add events that stand for all events of a destination."""
    destination = destination_of(of.destination)
    if destination is None or not events:
        return
    window_s, weight = settings.window_s(destination.event_source), of.waiting / len(events)
    for event in events:
        happened_at = event.get("event_time") if isinstance(event, dict) else None
        left_s = (happened_at if type(happened_at) is int else now) + window_s - now
        currency, worth = _worth(event)
        found = sums[state, currency, _within(left_s)]
        found[0] += weight
        found[1] += weight * worth


def _worth(event: Any) -> tuple[str, int]:
    properties = event.get("properties") if isinstance(event, dict) else None
    if not isinstance(properties, dict):
        return "", 0
    currency, value = properties.get("currency"), properties.get("value")
    if not isinstance(currency, str) or not _CURRENCY(currency := currency.upper()):
        return "", 0
    try:
        worth = thousandths_of(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return "", 0
    return (currency, worth) if worth else ("", 0)


def _within(left_s: float) -> int:
    place = bisect_left(WITHIN_H, max(left_s, 0.0) / HOUR_S)
    return WITHIN_H[min(place, len(WITHIN_H) - 1)]


def _sampled(store: Store, one: DestinationFigures) -> list[Any]:
    """Return events of some blocks; none if workers have emptied the outbox meanwhile."""
    outbox = store.shards.of(one.destination).outbox(one.destination)
    redis = store.redis
    if int(redis.xlen(outbox)) <= SAMPLES:
        return list(_events(cast("Entries", redis.xrange(outbox))))
    ends = redis.xrange(outbox, count=1), redis.xrevrange(outbox, count=1)
    entries = chain.from_iterable(cast("tuple[Entries, Entries]", ends))
    times = [int(entry_id.split(b"-")[0]) for entry_id, _ in entries]
    if not times:
        return []
    first, last = times[0], times[-1]
    found: dict[bytes, Any] = {}
    with redis.pipeline(transaction=False) as pipeline:
        for number in range(SAMPLES):
            pipeline.xrange(outbox, first + (last - first) * number // SAMPLES, count=1)
        for page in pipeline.execute():
            found |= dict(page)
    return list(_events(found.items()))


Entries = list[tuple[bytes, dict[bytes, bytes]]]


def _events(entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> Iterator[Any]:
    for _, fields in entries:
        events = document_of(fields.get(b"b", b""))
        yield from events if isinstance(events, list) else ()


def _delayed(store: Store) -> dict[str, list[Any]]:
    """Return events that are released soon, by destination."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for keys in store.at_hand:
        names = cast("list[bytes]", store.redis.zrange(keys.delayed, 0, DELAYED - 1))
        asked = store.redis.hmget(keys.delayed_events, names) if names else []
        bodies = cast("list[bytes | None]", asked)
        for name, body in zip(names, bodies, strict=True):
            found[text_of(name.partition(b"\0")[0])].append(document_of(body or b""))
    return found


def _add_dead(sums: Sums, store: Store, now: float, only: str | None) -> None:
    found = read_kinds(store).items()
    kinds = {digest: kind for digest, kind in found if _is(kind.destination, only)}
    for cell in read_cells(store):
        if cell.last_deadline > now and cell.kind in kinds:
            currency = kinds[cell.kind].currency or ""
            known = cell.thousandths and _CURRENCY(currency)
            place = DEAD, currency if known else "", _within(cell.last_deadline - now)
            sums[place][0] += cell.letters
            sums[place][1] += cell.thousandths if known else 0

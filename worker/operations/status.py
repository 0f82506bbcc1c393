"""Figures: where every event is, and what each destination is doing.

find       destinations that have a state
snapshot   counters, states and due times, in one atomic step
age        the oldest block of each outbox that has any: `worker.outbox.oldest`
"""

from __future__ import annotations

from collections import ChainMap, Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.store import Store
from worker.letters.retention import WHY, due_within_a_day
from worker.operations.ages import aged
from worker.operations.destination_figures import DestinationFigures
from worker.operations.snapshot import STATE_FIELDS, answers, find_destinations
from worker.outbox.clock_watch import read_clocks
from worker.reporting.figures.names import is_remark
from worker.reporting.outage import is_outage
from worker.reporting.stored import Fields, is_wrong_type, named, text_of
from worker.settings import Settings

LOOKS: Final = 4
"""How often to read again: a destination that appears meanwhile would look like a lost event."""

DEAD_COUNTER: Final = "dead:"
FOREIGN_COUNTER: Final = "foreign:"
ANSWERS_COUNTER: Final = "answers:"
SALVAGED_COUNTER: Final = "salvaged:"


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one moment; counters count since the first start.

    Attributes:
        at: Unix seconds on the server's clock.
        counters: what the scripts counted, by name.
        dead: dead letters there are now.
        destinations: destinations that have events or a history.
        purged_within_a_day: about how many dead letters will be too old to be kept by then; known
            only with settings.
        salvaged_by_destination: destination → place → events that were delivered with it mended or
            left out; ``*`` stands for destinations beyond the 5,000 pairs that are counted apart.
        remarks_by_destination: the same of what producers remarked: ``junk``, ``read_as:<key>``,
            ``left_out:<key>:<reason>``.
        delayed: delayed events, which wait for their release.
        next_release_at: when the first of them is released, Unix seconds.
        clocks: worker whose clock differs from the server's → seconds that it is ahead.
        junk: places in Redis that our code did not write; each counts as nothing.
        lost_shards: shards whose leader does not answer; these figures have nothing of them.
    """

    at: float
    counters: Mapping[str, int]
    dead: int
    destinations: Sequence[DestinationFigures]
    purged_within_a_day: int | None = None
    delayed: int = 0
    next_release_at: float | None = None
    clocks: Mapping[str, float] = field(default_factory=dict)
    junk: Sequence[str] = ()
    salvaged_by_destination: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    remarks_by_destination: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lost_shards: Sequence[int] = ()

    @property
    def waiting(self) -> int:
        """How many events are in outboxes."""
        return sum(one.waiting for one in self.destinations)

    @property
    def buried(self) -> dict[str, int]:
        """How many events ever died, by reason."""
        return self.counted(DEAD_COUNTER)

    @property
    def foreign(self) -> dict[str, int]:
        """Messages without an event of ours, by kind; they count nowhere else."""
        return self.counted(FOREIGN_COUNTER)

    @property
    def unaccounted(self) -> int:
        """Events missing (above 0) or surplus (below 0) in the sum of all places."""
        entered = self.count("accepted") + self.count("replayed")
        left = sum(map(self.count, ("delivered", "erased", "cancelled")))
        return entered - left - sum(self.buried.values()) - self.waiting - self.delayed

    @property
    def dead_unaccounted(self) -> int:
        """Dead letters missing (above 0) or surplus (below 0) in the sum of comings and goings."""
        came = sum(self.buried.values()) + self.count("imported") + self.count("letters_arrived")
        gone = sum(map(self.count, ("replayed", "purged", "letters_departed")))
        return came - gone - self.dead

    def count(self, name: str) -> int:
        """Return one counter; 0 if it was never incremented."""
        return self.counters.get(name, 0)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; times are Unix seconds."""
        return {
            "at": self.at,
            **self._events_as_dict(),
            "requests": self.count("requests"),
            "answers": self.counted(ANSWERS_COUNTER),
            "foreign": self.foreign,
            "claims_lost": self.count("claims_lost"),
            "receipts_cut": self.count("receipts_cut"),
            "receipts_erased": self.count("receipts_erased"),
            "unaccounted": self.unaccounted,
            "dead_unaccounted": self.dead_unaccounted,
            "clocks": dict(self.clocks),
            "junk": list(named(self.junk)),
            "lost_shards": list(self.lost_shards),
            "destinations": [one.as_dict(self.at) for one in self.destinations],
        }

    def _events_as_dict(self) -> dict[str, Any]:
        return {
            "accepted": self.count("accepted"),
            "waiting": self.waiting,
            "delayed": self.delayed,
            "next_release_at": self.next_release_at,
            "cancelled": self.count("cancelled"),
            "delivered": self.count("delivered"),
            "dead": self.dead,
            "buried": self.buried,
            "replayed": self.count("replayed"),
            "purged": self.count("purged"),
            "purged_by_retention": self.count(f"purged:{WHY}"),
            "purged_within_a_day": self.purged_within_a_day,
            "imported": self.count("imported"),
            "erased": self.count("erased"),
            "salvaged": self.salvaged,
            "salvaged_by_destination": dict(self.salvaged_by_destination),
            "remarks": self.remarks,
            "remarks_by_destination": dict(self.remarks_by_destination),
        }

    @property
    def salvaged(self) -> dict[str, int]:
        """Return place → events that were delivered with it mended or left out."""
        return self.counted(SALVAGED_COUNTER)

    @property
    def remarks(self) -> dict[str, int]:
        """Return what producers read under another name or left out → how often."""
        return {name: n for name, n in sorted(self.counters.items()) if n and is_remark(name)}

    def changes_of(self, destination: str) -> dict[str, Mapping[str, int]]:
        """Return what was salvaged and remarked for the events of one destination."""
        return {
            "salvaged": self.salvaged_by_destination.get(destination, {}),
            "remarks": self.remarks_by_destination.get(destination, {}),
        }

    def counted(self, prefix: str) -> dict[str, int]:
        """Return counters whose names begin with a prefix, without the prefix."""
        return {
            name.removeprefix(prefix): count
            for name, count in sorted(self.counters.items())
            if name.startswith(prefix) and count
        }


def read_figures(store: Store, settings: Settings | None = None) -> Figures:
    """Return the figures of one moment; no event changes place while they are read.

    Args:
        store: the outbox.
        settings: settings with windows and retention; without them no `expires_at` is known.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    for _ in range(LOOKS):
        figures = _look(store)
        if figures.unaccounted == 0:
            break
    ages = aged(store, figures.destinations, settings)
    figures = replace(figures, destinations=ages, lost_shards=store.lost)
    return figures if settings is None else _with_purges(store, figures, settings)


def _look(store: Store, *, again: bool = True) -> Figures:
    """Return what all shards say; read again without those whose leader was just lost."""
    try:
        return merged([_snapshot(store, *found) for found in find_destinations(store).items()])
    except RedisError as error:
        if not (again and is_outage(error) and store.lost):
            raise
    return _look(store, again=False)


def _with_purges(store: Store, figures: Figures, settings: Settings) -> Figures:
    try:
        due = due_within_a_day(store, settings, figures.at) if figures.dead else 0
    except ResponseError as error:
        if not is_wrong_type(error):
            raise
        ledgers = [keys.dead_ledger for keys in store.at_hand]
        junk = [ledger for ledger in ledgers if store.redis.type(ledger) not in {b"hash", b"none"}]
        return replace(figures, junk=[*figures.junk, *junk])
    return replace(figures, purged_within_a_day=due)


def merged(parts: Sequence[Figures]) -> Figures:
    """Return the figures of all shards together: each event is in one of them."""
    counters: Counter[str] = Counter()
    for one in parts:
        counters.update(one.counters)
    releases = [one.next_release_at for one in parts if one.next_release_at is not None]
    return Figures(
        at=max(one.at for one in parts),
        counters=counters,
        dead=sum(one.dead for one in parts),
        destinations=sorted(chain.from_iterable(one.destinations for one in parts), key=_name),
        delayed=sum(one.delayed for one in parts),
        next_release_at=min(releases, default=None),
        clocks=dict(ChainMap(*(dict(one.clocks) for one in parts))),
        junk=[place for one in parts for place in one.junk],
        salvaged_by_destination=_added([one.salvaged_by_destination for one in parts]),
        remarks_by_destination=_added([one.remarks_by_destination for one in parts]),
    )


def _added(parts: Sequence[Mapping[str, Mapping[str, int]]]) -> dict[str, Mapping[str, int]]:
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in parts:
        for name, counts in one.items():  # `*` is in every shard
            sums[name].update(counts)
    return dict(sorted(sums.items()))


def _name(one: DestinationFigures) -> str:
    return one.destination


def _snapshot(store: Store, keys: Keys, names: Sequence[str]) -> Figures:
    fields = Fields()
    found = answers(store, keys, names, fields)
    (clock, counters, dead, ready, delayed, next_delayed, parked, clocks, salvaged, *states) = found
    fields.destinations(keys.ready, (name for name, _ in ready))
    fields.destinations(keys.parked, parked)
    due = fields.timestamps(keys.ready, ready)
    each = zip(names, states, strict=True)
    destinations = [_figures_of(fields, keys, name, state, due.get(name)) for name, state in each]
    releases = fields.timestamps(keys.delayed, next_delayed)
    at = clock[0] + clock[1] / 1_000_000
    counted = fields.numbers(keys.salvaged, salvaged)
    return Figures(
        at=at,
        counters=fields.numbers(keys.counters, counters),
        dead=dead,
        destinations=[one for one in destinations if one is not None],
        delayed=delayed,
        next_release_at=next(iter(releases.values()), None),
        clocks=read_clocks(fields, keys, clocks, at),
        junk=fields.junk,
        salvaged_by_destination=_by_destination(counted, remarks=False),
        remarks_by_destination=_by_destination(counted, remarks=True),
    )


def _by_destination(counted: Mapping[str, int], *, remarks: bool) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(counted.items()):
        destination, _, what = name.partition(" ")
        if bool(is_remark(what)) == remarks:
            found.setdefault(destination, {})[what] = count
    return found


def _figures_of(
    fields: Fields, keys: Keys, name: str, state: Sequence[bytes | None], due_at: float | None
) -> DestinationFigures | None:
    if not state:  # not even a hash: there is no such destination
        return None
    known = dict(zip(STATE_FIELDS, state, strict=True))
    place = keys.state(name)
    parked = known["parked"]
    return DestinationFigures(
        name,
        waiting=fields.whole(f"{place}: waiting", known["waiting"]),
        failures=fields.whole(f"{place}: failures", known["failures"]),
        not_before=fields.timestamp(f"{place}: not_before", known["not_before"]),
        due_at=due_at,
        parked=None if parked is None else text_of(parked),
        parked_at=fields.timestamp(f"{place}: parked_at", known["parked_at"]),
    )

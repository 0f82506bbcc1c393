"""Fold: add what was counted since the last fold to the cells of its hours.

read       the number of folds, then the journal, what was accepted, and the cells
add        the one to the other
write      one script, which refuses when somebody else has folded meanwhile
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from redis.client import Pipeline
from redis.exceptions import ResponseError

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.figures.cell import Cell, add, is_sealed, read_cell, sealed, written
from worker.reporting.figures.period import Period
from worker.reporting.figures.totals import MOST_NAMED, Totals, totals_of
from worker.reporting.figures.unfolded import (
    Cells,
    add_accepted,
    add_journal,
    delivered_to,
    no_cells,
)
from worker.reporting.log import Log
from worker.reporting.outage import is_outage
from worker.reporting.stored import Fields, text_of

log = Log("tiktok_events.figures")

EVERY_MS: Final = 1_000
ENTRIES: Final = 1_000
"""How much of the journal one fold takes: about twenty milliseconds of a worker, one of the server.
"""

DESTINATIONS: Final = 500
"""How many destinations' accepted counts one fold takes."""


def is_time_to_fold(store: Store) -> bool:
    """Return whether the caller is to fold: one worker a second is, if there is anything."""
    with store.redis.pipeline(transaction=False) as pipeline:
        for keys in store.at_hand:
            pipeline.llen(keys.journal)
            pipeline.zcard(keys.accepted)
        # An error stands for a key that is not as we write it: the fold removes it.
        if not any(pipeline.execute(raise_on_error=False)):
            return False
    folding = store.shards.installation.folding
    return bool(store.redis.set(folding, 1, px=EVERY_MS, nx=True))


@dataclass(slots=True)
class Write:
    """What one call of `fold.lua` writes.

    Attributes:
        folds: how many folds there had been before anything was read.
        entries: how many entries of the journal were read.
        cells: period → destination → bytes.
        scores: period → bytes of its cells, if all of them are sealed.
        accepted: destination → field → number that was read.
        delivered: destinations to which something was delivered.
        totals: destination → figure → what to add to its total.
        most_named: how many destinations may have totals of their own.
    """

    folds: bytes
    entries: int = 0
    cells: dict[Period, dict[str, bytes]] = field(default_factory=dict)
    scores: dict[Period, int] = field(default_factory=dict)
    accepted: Mapping[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    delivered: Sequence[str] = ()
    totals: Totals = field(default_factory=dict)
    most_named: int = MOST_NAMED

    def keys(self, keys: Keys) -> list[str]:
        """Return the keys of a shard that `fold.lua` needs, in its order."""
        hashes = [keys.cells(period.name) for period in self._periods()]
        return [*keys.of_fold(), *hashes, *map(keys.accepted_of, self.accepted)]

    def args(self) -> list[Any]:
        """Return the arguments of `fold.lua`."""
        periods = self._periods()
        args: list[Any] = [self.folds, self.entries, len(periods)]
        for period in periods:
            cells = self.cells.get(period, {})
            args += [period.name, self.scores.get(period, 0), period.expires_at, len(cells)]
            args += _flat(cells)
        args.append(len(self.accepted))
        for destination, fields in self.accepted.items():
            args += [destination, len(fields), *_flat(fields)]
        args += [self.most_named, len(self.totals)]
        for destination, figures in self.totals.items():
            args += [destination, len(figures), *_flat(figures)]
        return [*args, *self.delivered]

    def _periods(self) -> list[Period]:
        return sorted({*self.cells, *self.scores})


class Folding:
    """Folds the figures of one shard.

    Args:
        store: the outbox, by a connection of this process.
        keys: keys of the shard.
    """

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._keys = keys
        self._most_named = max(MOST_NAMED // store.shards.count, 1)
        self._script = LuaScript(store.redis, "worker", "lib/unblocked", "fold")

    def run(self, go_on: Callable[[], bool]) -> None:
        """Fold until nothing is left, or until `go_on` returns False.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        while go_on() and self.fold():
            pass

    def fold(self) -> bool:
        """Fold once, and return whether there may be more."""
        try:
            return self._fold()
        except ResponseError as error:
            if is_outage(error) or not self._clear_junk():
                raise
            return True

    def _fold(self) -> bool:
        folds, journal, waiting = self._unfolded()
        names = list(map(text_of, waiting))
        accepted = dict(zip(names, self._accepted(names), strict=True))
        if not journal and not accepted:
            return False
        cells = no_cells()
        add_journal(cells, journal)
        for destination, fields in accepted.items():
            add_accepted(cells, destination, fields)
        write = Write(folds, len(journal), accepted=accepted, delivered=delivered_to(journal))
        write.cells, write.totals = self._with_stored(cells), totals_of(cells)
        write.most_named = self._most_named
        is_written = self.write(write)  # if not, somebody else has folded a part of it
        return not is_written or len(journal) == ENTRIES or len(waiting) == DESTINATIONS

    def folds(self) -> bytes:
        """Return the number of folds; read it before anything else that a `Write` relies on."""
        return cast("bytes | None", self._redis.get(self._keys.folds)) or b"0"

    def write(self, write: Write) -> bool:
        """Write, unless somebody else has folded meanwhile; return whether it was written."""
        return bool(self._script(write.keys(self._keys), write.args()))

    def stored(self, asked: Iterable[tuple[Period, str]]) -> list[bytes | None]:
        """Return the stored cells."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for period, destination in asked:
                pipeline.hget(self._keys.cells(period.name), destination)
            return _without_junk(pipeline, None)

    def _unfolded(self) -> tuple[bytes, list[bytes], list[bytes]]:
        with self._redis.pipeline() as pipeline:
            pipeline.get(self._keys.folds)
            pipeline.lrange(self._keys.journal, 0, ENTRIES - 1)
            pipeline.zrange(self._keys.accepted, 0, DESTINATIONS - 1)
            folds, journal, waiting = pipeline.execute()
        return folds or b"0", journal, waiting

    def _clear_junk(self) -> bool:
        """Remove keys of another type than ours; return whether there were any."""
        keys = self._keys
        wanted = {keys.hours: b"zset", keys.folds: b"string", keys.journal: b"list"}
        wanted[keys.accepted] = b"zset"
        with self._redis.pipeline(transaction=False) as pipeline:
            for place in wanted:
                pipeline.type(place)
            pipeline.get(keys.folds)
            *kinds, folds = pipeline.execute(raise_on_error=False)
        junk = [
            place
            for (place, kind), found in zip(wanted.items(), kinds, strict=True)
            if found not in {kind, b"none"}
        ]
        if not junk and isinstance(folds, bytes) and not folds.isdigit():
            junk = [keys.folds]
        for place in junk:
            log.warning("junk_removed", place=place)
        return bool(junk and self._redis.unlink(*junk))

    def _accepted(self, names: Sequence[str]) -> list[dict[bytes, bytes]]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(self._keys.accepted_of(name))
            return _without_junk(pipeline, {}) if names else []

    def _with_stored(self, cells: Cells) -> dict[Period, dict[str, bytes]]:
        """Return the cells as they are to be stored; an hour's cell is also added to its day's."""
        found: dict[Period, dict[str, bytes]] = {}
        for (hour, destination), stored in zip(cells, self.stored(cells), strict=True):
            late = stored is not None and is_sealed(stored)
            cell = _sum(stored, more := cells[hour, destination])
            found.setdefault(hour, {})[destination] = sealed(cell) if late else written(cell)
            if late:
                self._add_to_day(found, hour.day, destination, more)
        return found

    def _add_to_day(
        self, found: dict[Period, dict[str, bytes]], day: Period, destination: str, more: Cell
    ) -> None:
        known = found.setdefault(day, {}).get(destination)
        stored = self.stored([(day, destination)])[0] if known is None else known
        found[day][destination] = sealed(_sum(stored, more))


def _without_junk(pipeline: Pipeline, instead: Any) -> list[Any]:
    """Return the replies, with a substitute for those of keys of another type."""
    replies = pipeline.execute(raise_on_error=False)
    return [Fields().reply("", reply, instead) for reply in replies]


def _sum(stored: bytes | None, more: Cell) -> Cell:
    cell = read_cell(stored)
    add(cell, more)
    return cell


def _flat(pairs: Mapping[Any, Any]) -> list[Any]:
    return [part for pair in pairs.items() for part in pair]

"""Seal: compress the cells of an hour that is over, and add them to those of its day.

A sealed hour takes a quarter of the memory. If all of them together still take more than
`FIGURES_MAX_MB`, the oldest hours are deleted first: their days have the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.figures.cell import add, is_sealed, read_cell, sealed
from worker.reporting.figures.folding import Folding, Write
from worker.reporting.figures.period import DAY_S, KEPT_S, Period
from worker.reporting.stored import text_of

TOGETHER: Final = 100
"""How many cells are sealed in one step, about three milliseconds of a worker."""

LATE_S: Final = 60
"""Seconds after the end of an hour, by which all that was settled in it is folded long since."""

ALWAYS_HOURS_S: Final = 2 * DAY_S
"""The hours of the last so many seconds are never deleted: people look at them."""

OVERHEAD_BYTES: Final = 56
"""About how many bytes a field of a hash takes besides its name and value."""

SCAN_COUNT: Final = 500


class Sealing:
    """Seals the cells of one shard, and keeps within the memory limit.

    Args:
        store: the outbox, by a connection of this process.
        keys: keys of the shard.
        most_bytes: size limit of all sealed cells together.
    """

    def __init__(self, store: Store, keys: Keys, most_bytes: int) -> None:
        self._redis = store.redis
        self._keys = keys
        self._folding = Folding(store, keys)
        self._cut = LuaScript(store.redis, "worker", "lib/unblocked", "figures_cut")
        self._most_bytes = most_bytes

    def run(self, go_on: Callable[[], bool], now: float) -> None:
        """Seal what is over, then delete what is too old or too much.

        Args:
            go_on: returns whether there is time for another step.
            now: Unix seconds on the server's clock.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        for hour in self._open_hours(now):
            while go_on() and not self._is_sealed(hour):
                pass
        for period in self._too_old(now):
            self._give_up(period, for_want_of_memory=False)
        for period in self._too_much(now):
            self._give_up(period, for_want_of_memory=True)

    def _open_hours(self, now: float) -> list[Period]:
        open_ = self._redis.zrangebyscore(self._keys.hours, 0, 0)
        hours = _periods(cast("list[bytes]", open_))
        return [one for one in hours if not one.is_day and one.ends_at + LATE_S <= now]

    def _is_sealed(self, hour: Period) -> bool:
        """Seal some cells of an hour; return whether the hour is sealed, and noted as such."""
        folds = self._folding.folds()
        left, size = self._look(hour)
        for first in range(0, len(left), TOGETHER):
            self._seal(hour, left[first : first + TOGETHER])
        if left:
            return False
        scores = {hour: max(size, 1), hour.day: max(self._look(hour.day)[1], 1)}
        return self._folding.write(Write(folds, scores=scores))

    def _look(self, period: Period) -> tuple[list[str], int]:
        """Return the destinations whose cells are not sealed, and the bytes of all cells."""
        left: dict[str, None] = {}
        size = 0
        for name, cell in self._redis.hscan_iter(self._keys.cells(period.name), count=SCAN_COUNT):
            size += len(name) + len(cell) + OVERHEAD_BYTES
            if not is_sealed(cell) and text_of(name).encode() == name:
                left[text_of(name)] = None
        return list(left), size

    def _seal(self, hour: Period, destinations: Sequence[str]) -> None:
        """Seal some cells; if somebody has folded meanwhile, leave them to the next look."""
        write = Write(self._folding.folds())
        places = [(period, name) for name in destinations for period in (hour, hour.day)]
        stored = dict(zip(places, self._folding.stored(places), strict=True))
        sealed_cells, days = write.cells.setdefault(hour, {}), write.cells.setdefault(hour.day, {})
        for name in destinations:
            found = stored[hour, name]
            if found is not None and not is_sealed(found):
                cell, day = read_cell(found), read_cell(stored[hour.day, name])
                add(day, cell)
                sealed_cells[name], days[name] = sealed(cell), sealed(day)
        self._folding.write(write)

    def _too_old(self, now: float) -> list[Period]:
        return [period for period in self._sizes() if period.ends_at + KEPT_S <= now]

    def _too_much(self, now: float) -> Iterator[Period]:
        """Return the oldest hours, then the oldest days, that must go until the others fit."""
        sizes = self._sizes()
        too_much = sum(sizes.values()) - self._most_bytes
        for period in sorted(sizes, key=lambda one: (one.is_day, one.number)):
            is_recent = period.ends_at > now - ALWAYS_HOURS_S
            if too_much > 0 and not is_recent:
                too_much -= sizes[period]
                yield period

    def _sizes(self) -> dict[Period, int]:
        reply = self._redis.zrange(self._keys.hours, 0, -1, withscores=True)
        found = cast("list[tuple[bytes, float]]", reply)
        read = ((Period.read(text_of(name)), int(size)) for name, size in found)
        return {period: size for period, size in read if period is not None}

    def _give_up(self, period: Period, *, for_want_of_memory: bool) -> None:
        keys = self._keys
        self._cut(
            [keys.hours, keys.cells(period.name), keys.counters],
            [period.name, int(for_want_of_memory)],
        )


def _periods(names: Sequence[bytes]) -> list[Period]:
    read = (Period.read(text_of(name)) for name in names)
    return sorted(one for one in read if one is not None)

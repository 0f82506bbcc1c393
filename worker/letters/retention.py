"""Retention: purge letters that are too old, or beyond the memory limit; never silently.

by age      letters that can no longer be sent, `dead_keep_days` after their death
by memory   over `dead_max_bytes`, in the order of their deadlines: what has expired goes first,
            then what would expire next
before      a log line once a day, and `tiktok-events status`, say how many will go within a day
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Final, cast

from redis.exceptions import OutOfMemoryError

from tiktok_events.outbox.store import Store
from worker.letters.dead_letters import PAGE, DeadLetter, DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.ledger import HOUR_S, kinds_in, read_cells
from worker.reporting.audit import Act, Audit
from worker.reporting.audit_entry import WORKER, Action
from worker.reporting.log import Log
from worker.reporting.operator_events import Kind, OperatorEvents
from worker.settings import Settings

log = Log("tiktok_events.retention")

WHY: Final = "retention"
"""The reason under which these letters are counted: ``purged:retention`` besides ``purged``."""

DAY_S: Final = 86_400

SAMPLES: Final = 500
"""How many members of a key the server samples to estimate its size; letters differ."""

NEARLY_FULL: Final = 0.8
"""The share of `dead_max_bytes` from which a log line warns once a day."""


class Retention:
    """Purges what is not to be kept.

    Args:
        store: the outbox.
        settings: how long, and how much, to keep.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._letters = DeadLetters(store)
        self._audit = Audit(store)

    def run(self, go_on: Callable[[], bool], now: float | None = None) -> int:
        """Purge while `go_on` returns True; the rest is purged the next time.

        Args:
            go_on: returns whether there is time left.
            now: Unix seconds; default: the clock's.

        Returns:
            How many letters were purged.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        now = time.time() if now is None else now
        went = self._purge_old(go_on, now) + self._purge_surplus(go_on, now)
        with suppress(OutOfMemoryError):  # the server is full: a warning can wait
            self._warn(now)
        return went

    def _purge_old(self, go_on: Callable[[], bool], now: float) -> int:
        old = LetterFilter(until=now - self._settings.dead_keep_s, recoverable=False)
        found = self._letters.find(old, now=now)
        part = list(islice(found, PAGE))
        if not part:
            return 0
        with self._act(f"dead for {self._settings.dead_keep_days:g} days") as act:
            went = 0
            while part and go_on():
                went += self._letters.purge(part, why=WHY, step=act.step())
                part = list(islice(found, PAGE))
        log.warning("dead_letters_purged", events=went, reason="age")
        return went

    def _purge_surplus(self, go_on: Callable[[], bool], now: float) -> int:
        found = self._letters.find(LetterFilter(), now=now)
        part = list(islice(found, self._surplus()))
        if not part:
            return 0
        with self._act("nearest deadlines, too much memory") as act:
            went = recoverable = 0
            while part and go_on():
                alive, dead = _parted(part, now)
                recoverable += self._letters.purge(alive, why=WHY, step=act.step("recoverable"))
                went += self._letters.purge(dead, why=WHY, step=act.step())
                part = list(islice(found, self._surplus()))
        went += recoverable
        log.error("dead_letters_purged", events=went, reason="memory", recoverable=recoverable)
        return went

    @contextmanager
    def _act(self, what: str) -> Iterator[Act]:
        """Record a purge in the audit before its first letter is purged."""
        with self._audit.act(Action.PURGE, who=WORKER, filter=what) as act:
            act.result = WHY
            yield act

    def _surplus(self) -> int:
        """Yield the letters to purge next: as many as are too many if all had the same size."""
        limit = self._settings.dead_max_bytes
        used = 0 if limit is None else used_bytes(self._store)
        if limit is None or used <= limit:
            return 0
        return min(math.ceil(len(self._letters) * (1 - limit / used)), PAGE)

    def _warn(self, now: float) -> None:
        """Log once a day what will be purged within a day."""
        due = due_within_a_day(self._store, self._settings, now)
        limit = self._settings.dead_max_bytes
        used = 0 if limit is None else used_bytes(self._store)
        nearly_full = limit is not None and used > NEARLY_FULL * limit
        if not (due or nearly_full) or not self._first_today():
            return
        if due:
            log.warning("dead_letters_will_be_purged", events=due, reason="age")
            OperatorEvents(self._store).note(Kind.PURGE_ANNOUNCED, {"events": due})
        if nearly_full:
            log.warning("dead_letters_nearly_full", size_bytes=used, limit_bytes=limit)

    def _first_today(self) -> bool:
        warned = self._store.shards.installation.dead_warned
        return bool(self._store.redis.set(warned, 1, ex=DAY_S, nx=True))


def _parted(letters: Sequence[DeadLetter], now: float) -> tuple[list[DeadLetter], list[DeadLetter]]:
    """Return the letters that can still be sent, and the others."""
    alive = [letter for letter in letters if letter.recoverable(now)]
    return alive, [letter for letter in letters if not letter.recoverable(now)]


def due_within_a_day(store: Store, settings: Settings, now: float) -> int:
    """Return about how many letters will be too old to be kept within a day, in whole hours.

    Args:
        store: the outbox.
        settings: how long they are kept.
        now: Unix seconds.
    """
    then = now + DAY_S
    return sum(
        cell.letters
        for cell in read_cells(store)
        if cell.died_hour * HOUR_S < then - settings.dead_keep_s and cell.last_deadline <= then
    )


def used_bytes(store: Store) -> int:
    """Estimate the server's memory that dead letters and their index take."""
    with store.redis.pipeline(transaction=False) as pipeline:
        for key in _keys(store):
            pipeline.memory_usage(key, samples=SAMPLES)
        return sum(size or 0 for size in cast("list[int | None]", pipeline.execute()))


def _keys(store: Store) -> Iterator[str]:
    for keys in store.shards:
        yield from keys.of_letters()
        yield from map(keys.dead_of, kinds_in(store.redis, keys))

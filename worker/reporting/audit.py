"""The audit records who did what to which events, when, how many, and with what result.

An entry is written together with what it describes: in the same script if that is one step;
otherwise before the first step, and each step counts in its own script. So an act that was killed
shows how far it came. No entry names a data subject.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from heapq import merge
from itertools import islice
from signal import Signals
from typing import Any, Final, cast

import orjson
from redis.exceptions import RedisError

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.audit_entry import MAX_ENTRIES, Action, Entry, Progress, entry_parts
from worker.reporting.redaction import redacted
from worker.reporting.stored import whole_of
from worker.settings import Settings

TRIMMED_COUNTER: Final = "audit_trimmed"
PAGE: Final = 500
"""Entries read in one round trip."""


StoredEntry = tuple[bytes, dict[bytes, bytes]]
"""Id and fields of an entry, as they are in the stream."""


class Act:
    """An act of many steps, once its entry is written.

    Attributes:
        id: id of its entry.
        result: the result in a word or two, when the act ends by itself.
    """

    def __init__(self, entry_id: str) -> None:
        self.id = entry_id
        self.result = "done"

    def step(self, fact: str = "") -> str:
        """Return the script arguments that count a step; `fact` names what else the step counts."""
        return f"{self.id} {fact}".rstrip()


class Audit:
    """The audit's entries.

    Args:
        store: the outbox.
        max_entries: how many are kept.
    """

    def __init__(self, store: Store, *, max_entries: int = MAX_ENTRIES) -> None:
        self._store = store
        self._redis = store.redis
        self._keys = store.shards.installation
        self._max_entries = max_entries
        self._write = LuaScript(store.redis, "worker", "lib/unblocked", "audit", "audit_write")
        self._begin = LuaScript(store.redis, "worker", "lib/unblocked", "audit_open")
        self._note = LuaScript(store.redis, "worker", "lib/unblocked", "audit", "audit_note")

    def record(
        self,
        action: Action,
        *,
        who: str,
        filter: str | None = None,  # noqa: A002 — because that is what an operator calls it
        count: int | None = None,
        result: str | None = None,
        **facts: Any,
    ) -> None:
        """Write an entry for something that no script of ours does.

        Args:
            action: what was done.
            who: ``operator(settings)``, or ``WORKER``.
            filter: the destination, or the filter in words; never a person.
            count: how many events or letters it concerned.
            result: the result in a word or two.
            **facts: numbers, flags and short texts; personal data in a text are redacted.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        parts = entry_parts(action, who=who, what=filter, count=count, result=result, **facts)
        self._written(parts, has_steps=False)

    @contextmanager
    def act(
        self,
        action: Action,
        *,
        who: str,
        filter: str | None = None,  # noqa: A002 — because that is what an operator calls it
        **facts: Any,
    ) -> Iterator[Act]:
        """Open an act of many steps, and write its entry before the first of them.

        Each step must count itself, in the script that makes it (`Act.step`). When the block ends,
        however it ends, the entry says so; a process that is killed leaves it ``INTERRUPTED``.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        parts = entry_parts(action, who=who, what=filter, **facts)
        act = Act(self._written(parts, has_steps=True))
        self._open(act)
        try:
            yield act
        except BaseException as error:
            with suppress(RedisError):
                self._say(act, f"stopped: {_how(error)}")
            raise
        self._say(act, act.result)

    def note(self, act: Act, fact: str = "", by: int = 0) -> None:
        """Count what no script of ours has done, or note that a slow act is still alive."""
        keys = self._keys
        self._note([keys.ready, keys.audit_acts], [act.step(fact), by, ""])

    def read(self, *, since: float | None = None, action: str | None = None) -> Iterator[Entry]:
        """Yield entries, newest first; memory use does not grow with their number.

        Args:
            since: Unix seconds; default: from the beginning.
            action: only entries with this action.
        """
        first = "-" if since is None else str(max(round(since * 1000), 0))
        stored = [self._stored(keys, first) for keys in self._places]
        newest_first = merge(*stored, key=_time, reverse=True)
        while page := list(islice(newest_first, PAGE)):
            yield from (one for one in self._entries(page) if action in {None, one.action})

    def trimmed(self) -> int:
        """Return how many entries were dropped since the first start."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for keys in self._places:
                pipeline.hget(keys.counters, TRIMMED_COUNTER)
            return sum(whole_of(counted or b"0") or 0 for counted in pipeline.execute())

    @property
    def _places(self) -> list[Keys]:
        """Yield the keys where entries and counts are, as far as they can be reached."""
        at_home = [self._keys] if self._store.answers(self._keys) else []
        return [*self._store.at_hand, *at_home]

    def _stored(self, keys: Keys, first: str) -> Iterator[StoredEntry]:
        """Yield the stored entries of one place, newest first."""
        last = "+"
        while page := cast(
            "list[StoredEntry]", self._redis.xrevrange(keys.audit, last, first, PAGE)
        ):
            yield from page
            last = f"({page[-1][0].decode()}"

    def _entries(self, page: Sequence[StoredEntry]) -> Iterator[Entry]:
        ids = [entry_id for entry_id, _ in page]
        places = self._places
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for keys in places:
                pipeline.hmget(keys.audit_acts, ids)
            (seconds, _), *known = pipeline.execute()
        for (entry_id, fields), *documents in zip(page, *known, strict=True):
            counted = [one for one in documents if one is not None]
            yield Entry.read(entry_id, fields, Progress.sum(counted, seconds))

    def _written(self, parts: Sequence[Any], *, has_steps: bool) -> str:
        keys = self._keys
        args = [int(has_steps), self._max_entries, *parts[1:]]
        entry_id, *gone = cast("list[bytes]", self._write([keys.ready, *keys.of_audit()], args))
        if gone:
            with self._redis.pipeline(transaction=False) as pipeline:
                for place in self._places:
                    pipeline.hdel(place.audit_acts, *gone)
                pipeline.execute()
        return entry_id.decode()

    def _open(self, act: Act) -> None:
        """Open the act in every shard, so that scripts can count its steps there."""
        began = orjson.dumps({"count": 0, "facts": {}, "at": int(act.id.partition("-")[0])})
        shards = self._store.at_hand
        self._begin.many([([keys.ready, keys.audit_acts], [act.id, began]) for keys in shards])

    def _say(self, act: Act, result: str) -> None:
        keys = self._keys
        self._note([keys.ready, keys.audit_acts], [act.id, 0, redacted(result)])


def _time(stored: StoredEntry) -> tuple[int, ...]:
    return tuple(map(int, stored[0].split(b"-")))


def _how(error: BaseException) -> str:
    """Return what ended an act: a signal's name, or the type of the error, never its text."""
    return str(error) if isinstance(error, Terminated) else type(error).__name__


class Terminated(SystemExit):
    """A signal asked this process to end; the text is the signal's name.

    Args:
        signal_number: the signal; the exit code is 128 more, as in shells.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(128 + signal_number)
        self.name = Signals(signal_number).name

    def __str__(self) -> str:
        return self.name


def operator(settings: Settings) -> str:
    """Return who is asking: the name in the settings, else the system user, even behind sudo."""
    if settings.actor is not None:
        return settings.actor
    user, behind = _system_user(), os.environ.get("SUDO_USER", "")
    return f"{behind} (as {user})" if behind not in {"", user} else user


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"

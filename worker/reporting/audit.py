"""The audit: who changed the fate of which events, when, how many, with what result.

An entry is written right after what it tells of; only a process that is killed between the
two leaves none. No entry names a person whose events they were.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, cast

import orjson
from redis import Redis
from redis.exceptions import RedisError

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from worker.reporting.log import Log
from worker.reporting.redaction import redacted
from worker.reporting.stored import document_of, seconds_of, text_of, whole_of
from worker.settings import Settings

log = Log("tiktok_events.audit")

MAX_ENTRIES: Final = 50_000
"""Kept; about 6 MB. What goes is counted as `audit_trimmed`."""

TRIMMED_COUNTER: Final = "audit_trimmed"
PAGE: Final = 500
"""Entries read in one round trip."""

MAX_WHAT_CHARS: Final = 300

WORKER: Final = "worker"
"""Who it was when nobody asked for it."""


JUNK: Final = "unreadable"
"""In the place of what is not as we write it."""


class Action(StrEnum):
    """What can be done to events by a person, or by a worker for a person."""

    PARK = "park"
    RESUME = "resume"
    BURY = "bury"
    EDIT = "edit"
    REPLAY = "replay"
    PURGE = "purge"
    IMPORT = "import"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done.

    Attributes:
        at: Unix seconds on the server's clock.
        who: an operator's name, or ``WORKER``.
        action: one of ``Action``.
        what: a destination, or a filter in words.
        count: how many of them it concerned.
        result: in a word or two.
        facts: what else is worth knowing, by name.
    """

    at: float
    who: str
    action: str
    what: str | None
    count: int | None
    result: str | None
    facts: Mapping[str, Any]

    @classmethod
    def read(cls, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Self:
        """From Redis; what is missing or junk is `JUNK`, or left out."""
        known = {text_of(name): text_of(value) for name, value in fields.items()}
        facts = document_of(fields.get(b"facts", b"{}"))
        return cls(
            at=seconds_of(entry_id.partition(b"-")[0]) or 0.0,
            who=known.get("who", JUNK),
            action=known.get("action", JUNK),
            what=known.get("what"),
            count=whole_of(fields.get(b"count", b"")),
            result=known.get("result"),
            facts=facts if isinstance(facts, dict) else {JUNK: known["facts"]},
        )

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "at": self.at,
            "who": self.who,
            "action": self.action,
            "what": self.what,
            "count": self.count,
            "result": self.result,
            "facts": dict(self.facts),
        }


@dataclass(slots=True)
class Tally:
    """What a long action has done so far; its entry tells it, however the action ends.

    Attributes:
        count: how many.
        result: when it ends by itself.
        facts: what else is worth knowing.
    """

    count: int = 0
    result: str = "done"
    facts: dict[str, Any] = field(default_factory=dict)


class Audit:
    """The trail of entries.

    Args:
        redis: a connection.
        max_entries: how many are kept.
    """

    def __init__(self, redis: Redis, *, max_entries: int = MAX_ENTRIES) -> None:
        self._redis = redis
        self._max_entries = max_entries
        self._write = LuaScript(redis, "worker", "lib/unblocked", "audit")

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
        """Write one entry.

        Args:
            action: what was done.
            who: ``operator(settings)``, or ``WORKER``.
            filter: to what: a destination or a filter in words; never a person.
            count: how many of them it concerned.
            result: in a word or two.
            **facts: numbers, flags and short texts; personal data in a text are struck out.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        self._write(*self._call(action, who, filter, count, result, facts))

    def record_by_worker(self, action: Action, destinations: Sequence[str], reason: str) -> None:
        """Write an entry for each destination; a failure is logged and stops no worker."""
        facts = {"reason": reason}
        calls = [self._call(action, WORKER, one, None, None, facts) for one in destinations]
        if not calls:
            return
        try:
            self._write.many(calls, together=False)
        except RedisError as error:
            log.warning("audit_unwritten", error=type(error).__name__)

    @contextmanager
    def recorded(
        self,
        action: Action,
        *,
        who: str,
        filter: str | None = None,  # noqa: A002 — because that is what an operator calls it
    ) -> Iterator[Tally]:
        """Around a long action: its entry is written even when an error or Ctrl-C ends it."""
        tally = Tally()
        try:
            yield tally
        except BaseException as error:
            tally.result = f"stopped: {type(error).__name__}"
            with suppress(RedisError):
                self._record_tally(action, who, filter, tally)
            raise
        self._record_tally(action, who, filter, tally)

    def read(self, *, since: float | None = None, action: str | None = None) -> Iterator[Entry]:
        """Entries, newest first; memory does not grow with their number.

        Args:
            since: Unix seconds; by default from the beginning.
            action: only of this action.
        """
        first = "-" if since is None else str(max(round(since * 1000), 0))
        last = "+"
        while page := cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            self._redis.xrevrange(keys.AUDIT, last, first, PAGE),
        ):
            for entry_id, fields in page:
                entry = Entry.read(entry_id, fields)
                if action in {None, entry.action}:
                    yield entry
            last = f"({page[-1][0].decode()}"

    def trimmed(self) -> int:
        """How many entries were let go since the first start."""
        counted = cast("bytes | None", self._redis.hget(keys.COUNTERS, TRIMMED_COUNTER))
        return whole_of(counted or b"0") or 0

    def _record_tally(self, action: Action, who: str, what: str | None, tally: Tally) -> None:
        self._write(*self._call(action, who, what, tally.count, tally.result, tally.facts))

    def _call(
        self,
        action: Action,
        who: str,
        what: str | None,
        count: int | None,
        result: str | None,
        facts: Mapping[str, Any],
    ) -> Call:
        parts = {
            "who": who,
            "action": action.value,
            "what": what and what[:MAX_WHAT_CHARS],
            "count": count,
            "result": result and redacted(result),
            "facts": _written(facts),
        }
        entry = [word for pair in parts.items() if pair[1] is not None for word in pair]
        return [keys.READY, keys.AUDIT, keys.COUNTERS], [self._max_entries, *entry]


def operator(settings: Settings) -> str:
    """Who is asking: the name in the settings, else the system user, also behind sudo."""
    if settings.actor is not None:
        return settings.actor
    user, behind = _system_user(), os.environ.get("SUDO_USER", "")
    return f"{behind} (as {user})" if behind not in {"", user} else user


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def _written(facts: Mapping[str, Any]) -> bytes | None:
    known = {name: _harmless(value) for name, value in facts.items() if value is not None}
    return orjson.dumps(known) if known else None


def _harmless(value: Any) -> Any:
    return redacted(value) if isinstance(value, str) else value

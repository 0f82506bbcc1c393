"""Keep what operators are told by webhook, in order, until it was told.

Each one enters a stream in the step in which it happens, if a script does that
(`lua/operator.lua`). A parking by an answer and an incident are announcements first, and enter the
stream once log and Sentry have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, cast

import orjson

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.store import Store
from worker.reporting.stored import document_of, seconds_of, text_of

MOST: Final = 10_000
"""How many are kept in each shard, as by `lua/operator.lua`; nobody may be there to tell them."""


class Kind(StrEnum):
    """What can happen that an operator should know."""

    PARKED = "destination.parked"
    RESUMED = "destination.resumed"
    TOKEN_CHANGED = "destination.token_changed"  # noqa: S105 — because it is no password
    ALERT_BEGUN = "alert.begun"
    ALERT_OVER = "alert.over"
    REPLAY_ENDED = "replay.ended"
    PURGE_ANNOUNCED = "dead_letters.purge_announced"


@dataclass(frozen=True, slots=True)
class OperatorEvent:
    """Something that operators are to be told.

    Attributes:
        place: the stream that holds it.
        entry: its id in the stream.
        id: an id that stays the same however often it is told.
        kind: what has happened.
        at: when it happened, Unix seconds.
        facts: facts about it, none of them personal.
    """

    place: str
    entry: str
    id: str
    kind: Kind
    at: float
    facts: Mapping[str, Any]


class OperatorEvents:
    """All that operators are to be told, in all shards.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._own = store.shards.installation.operator_events
        self._places = [keys.operator_events for keys in _all(store)]

    def note(self, kind: Kind, facts: Mapping[str, Any]) -> None:
        """Add something that has just happened."""
        self._add({"k": kind.value, "n": orjson.dumps(facts)})

    def note_announced(self, member: bytes) -> None:
        """Add what an announcement tells; ignore what our code did not write.

        If it is told twice, after a crash, it is added twice, with the same id.
        """
        at_ms, _, json = member.partition(b" ")
        if (known := _announced(document_of(json))) is not None and at_ms.isdigit():
            kind, facts = known
            digest = blake2b(member, digest_size=12).hexdigest()
            self._add({"k": kind.value, "n": orjson.dumps(facts), "i": digest, "at": at_ms})

    def count(self) -> int:
        """Return how many there are."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for place in self._places:
                pipeline.xlen(place)
            return sum(pipeline.execute())

    def oldest(self) -> OperatorEvent | None:
        """Return the one to tell next, in all shards; remove entries that we did not write."""
        firsts = (self._first(place) for place in self._places)
        found = [event for event in firsts if event is not None]
        return min(found, key=lambda event: event.at, default=None)

    def done(self, event: OperatorEvent) -> None:
        """Note that one was told, or given up."""
        self._redis.xdel(event.place, event.entry)

    def _first(self, place: str) -> OperatorEvent | None:
        while found := cast("list[tuple[bytes, Any]]", self._redis.xrange(place, count=1)):
            entry, fields = found[0]
            if (event := _read(place, entry.decode(), fields)) is not None:
                return event
            self._redis.xdel(place, entry)
        return None

    def _add(self, fields: dict[Any, Any]) -> None:
        self._redis.xadd(self._own, fields, maxlen=MOST, approximate=True)


def _all(store: Store) -> list[Keys]:
    return [*store.shards, store.shards.installation]


def _announced(document: Any) -> tuple[Kind, Mapping[str, Any]] | None:
    """Return an incident or a parking, as its script announces it."""
    if not isinstance(document, dict):
        return None
    if isinstance(figure := document.get("figure"), dict):
        begun = document.get("phase") == "begun"
        since = seconds_of(document.get("since") or 0)
        facts = {**figure, "peak": document.get("peak"), "since": since}
        return (Kind.ALERT_BEGUN if begun else Kind.ALERT_OVER), facts
    return (Kind.PARKED, document) if "destination" in document else None


def _read(place: str, entry: str, fields: Mapping[bytes, bytes]) -> OperatorEvent | None:
    kind, facts = text_of(fields.get(b"k", b"")), document_of(fields.get(b"n", b""))
    at_ms = fields.get(b"at", entry.partition("-")[0].encode())
    if kind not in list(Kind) or not isinstance(facts, dict) or not at_ms.isdigit():
        return None
    id_ = text_of(fields.get(b"i", f"{entry}-{_tag(place)}".encode()))
    return OperatorEvent(place, entry, id_, Kind(kind), int(at_ms) / 1000, facts)


def _tag(place: str) -> str:
    """Return the hash tag of a stream's shard: two shards may have entries of the same id."""
    return place.partition("{")[2].partition("}")[0].replace(".", "-")

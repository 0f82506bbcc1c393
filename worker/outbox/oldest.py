"""Find how old the first block of an outbox is, and when its first event happened."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final, NamedTuple

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.stored import is_timestamp, seconds_of, whole_of

AT_ONCE: Final = 500
"""How many outboxes one round trip reads."""


class Oldest(NamedTuple):
    """The first block of an outbox.

    Attributes:
        appended_at: when it was appended, Unix seconds; `None` when there is none.
        happened_at: when the first of its events happened, Unix seconds, if that was asked for
            and a calendar knows it.
    """

    appended_at: float | None
    happened_at: float | None


def read_oldest(store: Store, wanted: Mapping[str, bool]) -> dict[str, Oldest]:
    """Return the first blocks of some outboxes, by destination; junk is `None`.

    Args:
        store: the outbox.
        wanted: destination → whether it matters when the first event happened, which takes the
            server longer: it has to decode the block.
    """
    script, names = LuaScript(store.redis, "worker", "oldest"), iter(wanted)
    found: dict[str, Oldest] = {}
    while some := list(islice(names, AT_ONCE)):
        replies = script.many(
            [_call(store.shards.of(name), name, decode=wanted[name]) for name in some]
        )
        found |= {name: _oldest(*reply) for name, reply in zip(some, replies, strict=True)}
    return found


def _call(keys: Keys, name: str, *, decode: bool) -> Call:
    return [keys.outbox(name)], [int(decode)]


def _oldest(block_id: bytes, event_time: bytes) -> Oldest:
    happened_at = whole_of(event_time)
    known = happened_at is not None and is_timestamp(happened_at)
    return Oldest(seconds_of(block_id.partition(b"-")[0]), happened_at if known else None)

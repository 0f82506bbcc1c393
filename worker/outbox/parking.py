"""Parking: a destination's events wait until a person resumes it or its token changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import orjson

from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.audit_entry import WORKER, Action, entry_json, unwritten
from worker.reporting.redaction import redacted
from worker.reporting.stored import destination_of, text_of

NOTES: Final = ("audit", "operator")
"""Scripts that record what was done."""

BY_HAND: Final = "by hand"
PARKED_BY_HAND: Final = ""
"""Stands in place of the token's digest if a person parked the destination."""


class Parking:
    """Parks and resumes destinations; events can still be appended to a parked one.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._park = LuaScript(store.redis, "worker", "lib/unblocked", *NOTES, "park")
        self._resume = LuaScript(
            store.redis, "worker", "lib/unblocked", "lib/ramp", *NOTES, "resume"
        )

    def park(self, destination: str, reason: str = BY_HAND, *, who: str = WORKER) -> bool:
        """Send nothing more to a destination; requests under way still end.

        Whatever it was parked for, only `resume` lets it go on from now on. The audit is
        written in the same step.

        Args:
            destination: its key.
            reason: for whoever finds it parked; personal data in it are struck out.
            who: for the audit.

        Returns:
            False when it was parked already; its first reason is kept.
        """
        keys = self._store.shards.of(destination)
        entry = entry_json(Action.PARK, who=who, what=destination, reason=reason)
        keys_ = [keys.ready, keys.state(destination), keys.parked, *keys.of_audit()]
        told = {"destination": destination, "reason": redacted(reason), "who": who}
        args = [destination, told["reason"], entry, orjson.dumps(told)]
        changed, written = self._park([*keys_, keys.operator_events], args)
        return _done(Action.PARK, changed, written)

    def resume(self, destination: str, *, who: str = WORKER) -> bool:
        """Resume a parked destination: one request first, then faster and faster.

        The audit is written in the same step, for `who`.

        Returns:
            False when it was not parked.
        """
        resumed, written = self._resume(*self._resume_call(destination, who))
        return _done(Action.RESUME, resumed, written)

    def parked(self) -> dict[str, str]:
        """Return every parked destination, with the digest of the token it was parked for.

        The digest is `PARKED_BY_HAND` where a person parked it. What names no destination is
        left out here; `read_figures` reports it as junk.
        """
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.hgetall(keys.parked)
            found = cast("list[dict[bytes, bytes]]", pipeline.execute())
        known = {text_of(name): text_of(digest) for one in found for name, digest in one.items()}
        return {name: digest for name, digest in known.items() if destination_of(name)}

    def resume_for(self, digests: Mapping[str, str], why: str) -> list[str]:
        """Let destinations go on that are still parked for these tokens; returns which were.

        Args:
            digests: destination → digest of the token that it was parked for.
            why: for the audit.
        """
        calls = [
            self._resume_call(name, WORKER, digest, reason=why) for name, digest in digests.items()
        ]
        replies = self._resume.many(calls) if calls else []
        return [
            name
            for name, reply in zip(digests, replies, strict=True)
            if _done(Action.RESUME, *reply)
        ]

    def _resume_call(
        self, destination: str, who: str, token_digest: str = "", **facts: str
    ) -> Call:
        keys = self._store.shards.of(destination)
        blocks = [keys.ready, keys.outbox(destination), keys.state(destination), keys.parked]
        entry = entry_json(Action.RESUME, who=who, what=destination, **facts)
        told = orjson.dumps({"destination": destination, "who": who, **facts})
        keys_ = [*blocks, *keys.of_audit(), keys.operator_events]
        return keys_, [destination, token_digest, entry, told]


def _done(action: Action, changed: int, written: int) -> bool:
    """Return whether a script has changed anything; log what it could not record."""
    if not written:
        unwritten(action)
    return bool(changed)

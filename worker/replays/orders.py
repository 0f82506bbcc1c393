"""Replays as people see them: ask for, look at, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.parking import Parking
from worker.replays.lease import Step
from worker.replays.parts import ReplayParts
from worker.replays.state import Replay, ReplayRequest, ReplayState
from worker.reporting.audit_entry import MAX_ENTRIES, WORKER
from worker.reporting.stored import whole_of

KEPT: Final = 100
"""How many ended replays are kept, the newest."""

COUNTER: Final = "replays"
"""The counter of all replays: the number of the newest."""


class Replays:
    """All replays, as commands see and change them.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts = ReplayParts(store)
        self._ask = LuaScript(store.redis, "worker", "audit", "replay_audit", "replay_ask")
        self._order = LuaScript(
            store.redis,
            "worker",
            "lib/unblocked",
            "audit",
            "replay_audit",
            "operator",
            "lib/replay_end",
            "replay_order",
        )

    def __iter__(self) -> Iterator[Replay]:
        """Yield the running and the newest ended replays, newest first."""
        keys = self._parts.home
        with self._store.redis.pipeline(transaction=True) as transaction:
            transaction.zrange(keys.replays, 0, -1)
            transaction.zrange(keys.replays_ended, 0, -1)
            numbers = {whole_of(number) for found in transaction.execute() for number in found}
        known = sorted((number for number in numbers if number is not None), reverse=True)
        found = map(self.get, known)
        return (replay for replay in found if replay is not None)

    def ask(self, request: ReplayRequest) -> int:
        """Ask the workers for a replay, which the audit records; return its number."""
        keys = self._parts.home
        number = int(self._store.redis.hincrby(keys.counters, COUNTER, 1))
        fields = {"state": ReplayState.RUNNING.value, **request.write()}
        oldest = self._oldest()
        keys_ = [
            keys.replays,
            keys.replays_ended,
            keys.replay(number),
            *keys.of_audit(),
        ]
        flat = [part for pair in fields.items() for part in pair]
        self._ask(
            [*keys_, *keys.of_replays(oldest)],
            [number, MAX_ENTRIES, len(oldest), *oldest, *flat],
        )
        self._parts.forget(oldest)
        return number

    def get(self, number: int) -> Replay | None:
        """Return a replay; `None` if there is none, or it ended long ago."""
        fields = self._parts.fields(number)
        return Replay.read(number, fields) if fields else None

    def unattended_s(self, number: int) -> float:
        """Return how many seconds ago a worker should have come for it: near 0 while one lives."""
        with self._store.redis.pipeline(transaction=True) as transaction:
            transaction.time()
            transaction.zscore(self._parts.home.replays, number)
            (seconds, micros), due_ms = transaction.execute()
        return 0.0 if due_ms is None else max(seconds + micros / 1e6 - due_ms / 1000, 0.0)

    def waits_for_a_person(self, replay: Replay) -> list[str]:
        """Return the parked destinations, not resumed since, if all that is left waits for them."""
        named = replay.waits_only_for(Step.PARKED.words)
        parked = Parking(self._store).parked() if named else {}
        return named if all(name in parked for name in named) else []

    def pause(self, number: int, *, who: str = WORKER) -> bool:
        """Pause a replay, on behalf of `who`; return False if it is not running."""
        return self._change(number, ReplayState.PAUSED, who)

    def resume(self, number: int, *, who: str = WORKER) -> bool:
        """Resume a replay; return False if it is not paused."""
        return self._change(number, ReplayState.RUNNING, who)

    def cancel(self, number: int, *, who: str = WORKER) -> bool:
        """Cancel a replay; what was replayed stays so. Return False if it has ended."""
        return self._change(number, ReplayState.CANCELLED, who)

    def _change(self, number: int, state: ReplayState, who: str) -> bool:
        if state is not ReplayState.RUNNING:
            self._parts.stop(number)
        home, elsewhere = self._parts.home, orjson.dumps(self._parts.counts(number))
        args = [number, state.value, who, MAX_ENTRIES, elsewhere]
        keys_ = [*home.of_replay_end(number), home.operator_events]
        changed, _ = cast("list[Any]", self._order(keys_, args))
        if changed and state is ReplayState.CANCELLED:
            self._parts.end(number)
        return bool(changed)

    def _oldest(self) -> list[int]:
        """Return the replays that make room for one more to end."""
        found = cast(
            "list[bytes]", self._store.redis.zrange(self._parts.home.replays_ended, 0, -KEPT)
        )
        known = map(whole_of, found)
        return [number for number in known if number is not None]

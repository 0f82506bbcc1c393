"""An erasure between whose round trips anything else happens.

Producers append and hold back, workers claim, settle, die and release, people replay, edit,
purge and import: between any two steps of the erasure. What was there when it began is gone when
it says so, but for what it names; nothing of anybody else is touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from redis import Redis
from redis.client import Pipeline

from tests.builders.machine import run_histories
from tests.builders.stores import keys, store_of
from tests.builders.waiting import ids_waiting
from tests.model.test_erasure_model import (
    DESTINATIONS,
    JO,
    LEASE_S,
    LIMIT,
    ErasureMachine,
    _of,
)
from tiktok_events import Client, User
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.letters.importing import LetterImport
from worker.local.embedded import EmbeddedServer
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.delayed import DelayedEvents
from worker.outbox.settlement import Settlement

MEDDLING = (
    *("append", "claim", "settle", "leases_end", "delay", "release", "die"),
    *("replay", "replay", "replay", "edit", "edit", "purge", "bring_back"),
    *[None] * 6,
)
REASONS = ["rejected", "expired"]
TRIPS = 30
"""Round trips of an erasure within which something may happen."""


class Fenced(Exception):
    """What a person at a terminal would wait for: the end of the erasure."""


def fenced(_seconds: float) -> None:
    """In the place of waiting."""
    raise Fenced


class MeddledRedis(Redis):
    """A connection before whose every round trip somebody else may do something."""

    meddle: Callable[[], None] = staticmethod(lambda: None)
    again: Callable[[], None] = staticmethod(lambda: None)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command; a script that the server forgot is only called anew."""
        if args[0] == "SCRIPT LOAD":
            self.again()
        else:
            self.meddle()
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py has no type for it

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Any:  # noqa: FBT002 — because redis-py has it so
        """Several."""
        meddle = self.meddle

        class MeddledPipeline(Pipeline):
            def execute(self, raise_on_error: bool = True) -> Any:  # noqa: FBT001, FBT002 — because redis-py has it so
                meddle()
                return super().execute(raise_on_error)

        return MeddledPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


class MeddledMachine(ErasureMachine):
    """The model of the other test, with more that can happen, and at any time."""

    @initialize()
    def begin(self) -> None:
        """What the other has, and what it lacks."""
        self.delayed: set[str] = set()
        self.purged: list[DeadLetter] = []
        self.came_back: set[str] = set()
        super().begin()
        self.letters = DeadLetters(store_of(self.redis), fenced)
        self.imports = LetterImport(store_of(self.redis), fenced)
        self.events = DelayedEvents(store_of(self.redis))
        self.client = Client(self.server.url, event_source_id="C0ONE", linger_ms=0)
        self.die()

    @rule()
    def die(self) -> None:
        """Everything that waits dies, and can be replayed."""
        for name in DESTINATIONS:
            (claimed,) = self.outbox.claim([Want(name, 1_000, 1_000_000, LIMIT)])
            settlement = Settlement(claimed.destination, claimed.failures, LIMIT)
            for block in claimed.blocks:
                opened = OpenBlock.of(block, lease_ends=0.0)
                for index, event in enumerate(opened.events):
                    self._end(opened, index, event, 0)
                opened.settle_into(settlement)
            assert self.outbox.settle(settlement).lost == 0

    def teardown(self) -> None:
        """Close what was opened."""
        super().teardown()
        if hasattr(self, "client"):
            self.client.close()

    @rule(person=st.sampled_from(["jo", "al"]))
    def delay(self, person: str) -> None:
        """An event is to wait for its time."""
        self.number += 1
        event_id = f"{person}{self.number}"
        user: User = {"email": f"{person}@example.com"}
        self.client.track({"event": "Lead", "event_id": event_id, "user": user}, delay=3_600)
        self.delayed.add(event_id)

    @precondition(lambda self: self.delayed)
    @rule()
    def release(self) -> None:
        """The time of all has come."""
        due = [held.key for held in self.events]
        moving = {orjson.loads(held.body)["event_id"] for held in self.events}
        if due:
            self.redis.zadd(keys.delayed, dict.fromkeys(due, 0))
            assert self.events.move(keys, due) == len(due)
        self.waiting |= moving
        self.delayed -= moving

    @precondition(lambda self: self.dead)
    @rule(
        data=st.data(), deadline=st.integers(1, 9), reason=st.sampled_from(["rejected", "expired"])
    )
    def edit(self, data: st.DataObject, deadline: int = 0, reason: str = "") -> None:
        """A letter moves to another place in the order of deadlines, and to another kind."""
        for letter in self._some_letter(data):
            self.letters.change(letter, replace(letter, expires_at=deadline, reason=reason))

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        """Somebody gives a letter up, and has a copy."""
        for letter in self._some_letter(data):
            assert self.letters.purge([letter]) == 1
            self.dead.remove(str(letter.event_id))
            self.purged.append(letter)

    @precondition(lambda self: self.purged)
    @rule()
    def bring_back(self) -> None:
        """What was purged is imported."""
        letter = self.purged[-1]
        (imported,) = self.imports.restore([letter])
        if imported:
            self.purged.pop()
            self.dead.add(str(letter.event_id))
            self.came_back.add(str(letter.event_id))

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        """The person goes, whatever else happens meanwhile."""
        plan = data.draw(
            st.lists(st.sampled_from(MEDDLING), min_size=TRIPS, max_size=TRIPS),
            label="what happens before each round trip",
        )
        before = _of("jo", self.waiting | self.dead | self.delayed)
        self.came_back = set()
        found = self._erase(plan, data)
        there = self._of_jo() & (before | _of("jo", self.came_back))
        assert len(there) <= found.being_sent, "not erased, and not told"
        assert not there or not found.complete, "not erased, and said to be"
        self._believe()

    def _erase(self, plan: list[str | None], data: st.DataObject) -> Found:
        trip, ticks, found = 0, itertools.count(step=9), Found()

        def meddle() -> None:
            nonlocal trip
            wanted = plan[trip] if trip < len(plan) else None
            trip += 1
            if wanted is not None:
                self._do(wanted, data)

        def again() -> None:
            nonlocal trip
            trip -= 1
            plan[trip : trip + 1] = [None]  # it has happened

        with MeddledRedis.from_url(self.server.url, protocol=2) as redis:
            redis.meddle, redis.again = meddle, again
            erasure = Erasure(
                store_of(redis),
                JO,
                lease_s=LEASE_S,
                clock=lambda: next(ticks),
                wait=lambda _seconds: None,
            )
            erasure.run(found, lambda: None)
            redis.meddle = lambda: None
        return found

    def _do(self, what: str, data: st.DataObject) -> None:
        """One step of somebody else, if there is anything to be done."""
        self._believe()
        possible: dict[str, tuple[Any, Callable[[], None]]] = {
            "append": (True, lambda: self.append(DESTINATIONS[0], ["jo", "al"])),
            "claim": (self.waiting, lambda: self.claim(DESTINATIONS[0], 50)),
            "settle": (self.held, lambda: self.settle(data)),
            "leases_end": (self.held, self.leases_end),
            "delay": (True, lambda: self.delay("jo")),
            "die": (True, self.die),
            "release": (self.delayed, self.release),
            "replay": (self.dead, lambda: self.replay(data)),
            "edit": (self.dead, lambda: self.edit(data, self.number % 9 + 1, "expired")),
            "purge": (self.dead, lambda: self.purge(data)),
            "bring_back": (self.purged, self.bring_back),
        }
        there_is_any, do = possible[what]
        try:
            if there_is_any:
                do()
        except Fenced:
            assert self.redis.zcard(keys.erasing) == 1

    def _believe(self) -> None:
        """Of the person the model takes for true what it sees: the erasure is under way."""
        waiting = {event for name in DESTINATIONS for event in ids_waiting(self.redis, name)}
        self.waiting = (self.waiting - _of("jo", self.waiting)) | _of("jo", waiting)
        dead = {str(letter.event_id) for letter in self.letters}
        self.dead = (self.dead - _of("jo", self.dead)) | _of("jo", dead)
        held = {orjson.loads(one.body)["event_id"] for one in self.events}
        self.delayed = (self.delayed - _of("jo", self.delayed)) | _of("jo", held)

    def _of_jo(self) -> set[str]:
        self._believe()
        return _of("jo", self.waiting | self.dead | self.delayed)

    def _some_letter(self, data: st.DataObject) -> list[DeadLetter]:
        letters = sorted(self.letters, key=lambda one: one.id)
        return [data.draw(st.sampled_from(letters))] if letters else []


def test_whatever_happens_meanwhile_an_erasure_is_true(server: EmbeddedServer) -> None:
    """What was there is gone when it says so, or is in the hands that it names."""
    run_histories(MeddledMachine, server, histories=20, steps=4)

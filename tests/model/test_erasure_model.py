"""Random histories in which a person is erased again and again, beside workers of all kinds.

After every step each event of anybody else is where the model says, the counters account for
all events, and after an erasure the person's are only in blocks that a living worker holds.
"""

from __future__ import annotations

import itertools
from typing import Any

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.builders.leases import expire_leases
from tests.builders.letters import letter
from tests.builders.machine import RedisMachine, run_histories
from tests.builders.receipts import accepted, ends, receipts_missing
from tests.builders.replays import replay_letter
from tests.builders.stores import SHARDS, keys, store_of
from tests.builders.waiting import ids_waiting
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.outbox import Appender
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.local.embedded import EmbeddedServer
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.operations.status import read_figures
from worker.outbox.claim import Claim, Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.receipt import End
from worker.outbox.settlement import Settlement, TokenLimit

DESTINATIONS = ["web:C0ONE", "web:C0TWO"]
PEOPLE = ["jo", "al", "mo"]
JO = DataSubject.of({"email": ["jo@example.com"]}, None)
AT_WORK = 3
"""Claims at a time."""

LEASE_S = 60.0
LIMIT = TokenLimit("digest", 10_000.0)
PREPARER = EventPreparer({}, None, 65_536)


class ErasureMachine(RedisMachine):
    """The model: which events of which person stand where."""

    @initialize()
    def begin(self) -> None:
        """A server with some events of everybody."""
        self.connect()
        self.appender = Appender(self.redis, linger_ms=0, rings=True, shards=SHARDS)
        self.outbox = Outbox(store_of(self.redis), consumer="one", lease_ms=round(LEASE_S * 1000))
        self.letters = DeadLetters(store_of(self.redis))
        self.number = 0
        self.waiting: set[str] = set()
        self.dead: set[str] = set()
        self.held: list[Claim] = []
        self.gone: list[Claim] = []
        for name in DESTINATIONS:
            for _ in range(3):
                self.append(name, PEOPLE)

    @rule(
        name=st.sampled_from(DESTINATIONS),
        people=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=120),
    )
    def append(self, name: str, people: list[str]) -> None:
        """Events of several people, in blocks of up to a hundred."""
        source_id = Destination.from_key(name).event_source_id
        self.appender.append([self._event(source_id, person) for person in people])

    @precondition(lambda self: len(self.held) < AT_WORK and self.waiting)
    @rule(name=st.sampled_from(DESTINATIONS), wanted=st.sampled_from([1, 50, 120, 1_000]))
    def claim(self, name: str, wanted: int) -> None:
        """A worker claims some blocks."""
        (claimed,) = self.outbox.claim([Want(name, wanted, 1_000_000, LIMIT)])
        if claimed.blocks:
            self.held.append(claimed)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A worker ends its claim: each event is delivered, dead, due again or apart."""
        claimed = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        settlement = Settlement(claimed.destination, claimed.failures, LIMIT)
        turn = data.draw(st.integers(0, 3), label="turn")
        for block in claimed.blocks:
            opened = OpenBlock.of(block, lease_ends=0.0)
            for index, event in enumerate(opened.events):
                self._end(opened, index, event, (index + turn) % 4)
            opened.settle_into(settlement)
        assert self.outbox.settle(settlement).lost == 0

    @precondition(lambda self: len(self.held) == AT_WORK)
    @rule()
    def leases_end(self) -> None:
        """Every worker has died, or sleeps."""
        self.gone, self.held = self.gone + self.held, []
        for name in DESTINATIONS:
            expire_leases(self.redis, name, idle_ms=round(LEASE_S * 1000), consumer="one")

    @precondition(lambda self: self.gone)
    @rule()
    def wake_up(self) -> None:
        """A worker that slept settles blocks that may be another's, or gone: nothing happens."""
        for claimed in self.gone:
            if all(self._is_lost(claimed, block.id, block.claims) for block in claimed.blocks):
                settlement = Settlement(claimed.destination, claimed.failures, LIMIT)
                settlement.done = [(one.id, one.claims, one.events) for one in claimed.blocks]
                assert self.outbox.settle(settlement).lost == len(claimed.blocks)
        self.gone = []

    @precondition(lambda self: self.number % 5 == 0)
    @rule(name=st.sampled_from(DESTINATIONS), on=st.booleans())
    def park(self, name: str, *, on: bool) -> None:
        """A destination waits for a person, or goes on."""
        parking = Parking(store_of(self.redis))
        (parking.park if on else parking.resume)(name)
        self.redis.hdel(keys.state(name), "failures")

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A dead letter goes back, unless its destination is parked."""
        letter = data.draw(st.sampled_from(sorted(self.letters, key=lambda one: one.id)))
        if replay_letter(self.redis, letter.id):
            self.dead.remove(str(letter.event_id))
            self.waiting.add(str(letter.event_id))

    @precondition(lambda self: bool(_of("jo", self.waiting | self.dead)))
    @rule()
    def erase(self) -> None:
        """The person goes, but for what is being sent."""
        living = {event for claimed in self.held for event in self._events(claimed)}
        sent, found, ticks = _of("jo", self.waiting & living), Found(), itertools.count(step=99)
        Erasure(
            store_of(self.redis),
            JO,
            lease_s=LEASE_S,
            clock=lambda: next(ticks),
            wait=lambda _seconds: None,
        ).run(found, lambda: None)
        theirs = _of("jo", self.waiting) - sent
        expected = Found(len(theirs), len(_of("jo", self.dead)), len(sent))
        expected.holders = found.holders
        assert found == expected
        assert sum(holder.events for holder in found.holders) == len(sent)
        assert receipts_missing(self.redis) == 0
        for event_id in itertools.islice(theirs | _of("jo", self.dead), 5):
            assert {*ends(self.redis, event_id)} <= {End.ERASED}
        self.waiting -= theirs
        self.dead -= _of("jo", self.dead)

    @invariant()
    def every_event_is_where_it_should_be(self) -> None:
        """Nobody else's is lost or doubled, and none of the person's comes back."""
        stored = [event for name in DESTINATIONS for event in ids_waiting(self.redis, name)]
        assert sorted(stored) == sorted(self.waiting)
        assert sorted(str(letter.event_id) for letter in self.letters) == sorted(self.dead)

    @invariant()
    def the_accounts_close(self) -> None:
        """The counters, and what each outbox says is waiting."""
        figures = read_figures(store_of(self.redis))
        assert (figures.unaccounted, figures.dead_unaccounted) == (0, 0)
        assert figures.waiting == len(self.waiting)

    @invariant()
    def work_is_never_forgotten(self) -> None:
        """A destination with events is due some time, or parked."""
        parked = Parking(store_of(self.redis)).parked()
        for name in DESTINATIONS:
            due = self.redis.zscore(keys.ready, name) is not None
            assert due or name in parked or not ids_waiting(self.redis, name)

    def _event(self, source_id: str, person: str) -> PreparedEvent:
        self.number += 1
        event_id = f"{person}{self.number}"
        self.waiting.add(event_id)
        user = {"email": f"{person}@example.com"}
        return PREPARER.prepare(
            {"event": "Lead", "event_id": event_id, "event_source_id": source_id, "user": user}
        )

    def _end(self, block: OpenBlock, index: int, event: Any, fate: int) -> None:
        if fate == 1:
            block.delivered(ended=[accepted(event["event_id"])])
            self.waiting.remove(event["event_id"])
        elif fate == 0:
            block.dead(index, _letter(event, block))
            self.waiting.remove(event["event_id"])
            self.dead.add(event["event_id"])
        else:
            block.left([index], group=fate - 2)

    def _events(self, claimed: Claim) -> set[str]:
        return {
            event["event_id"] for block in claimed.blocks for event in orjson.loads(block.payload)
        }

    def _is_lost(self, claimed: Claim, block_id: str, claims: int) -> bool:
        stream = keys.outbox(claimed.destination)
        if not self.redis.exists(stream) or not self.redis.xinfo_groups(stream):
            return True  # it was empty, and whoever appends makes no group
        found = self.redis.xpending_range(stream, GROUP, block_id, block_id, 1)
        return [(b"one", claims)] != [(f["consumer"], f["times_delivered"]) for f in found]


def _of(person: str, event_ids: set[str]) -> set[str]:
    return {event_id for event_id in event_ids if event_id.startswith(person)}


def _letter(event: Any, block: OpenBlock) -> DeadLetter:
    return letter(event, now=1.0, destination=DESTINATIONS[0], history=block.history)


def test_no_history_lets_an_erasure_touch_anybody_else(server: EmbeddedServer) -> None:
    """No order of appends, claims, deaths, replays and erasures harms another's events."""
    run_histories(ErasureMachine, server, histories=40, steps=30)

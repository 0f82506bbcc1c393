"""Random histories of the real scripts against a simple model.

Workers append, claim, settle, crash, sleep through leases, wake up as zombies and settle what
is no longer theirs; dead letters are replayed. After every step:

    I1  every accepted event is in exactly one place: outbox, delivered, or dead
    I4  an event ends as what its own block's holder said, nobody else's
    I7  the counters account for every event, the receipts tell each end of each, and the figures
        of the hours add up to the counters
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.builders.figures import HOUR, figures_off, folding
from tests.builders.letters import letter
from tests.builders.machine import RedisMachine, run_histories
from tests.builders.receipts import accepted
from tests.builders.replays import replay_letter
from tests.builders.stores import SHARDS, keys, store_of
from tests.builders.waiting import ids_waiting
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.outbox import Appender
from worker.attempts.history import Attempt
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.local.embedded import EmbeddedServer
from worker.outbox.claim import Claim, ClaimedBlock, Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.receipt import End
from worker.outbox.receipt_lists import ReceiptLists
from worker.outbox.settlement import Outcome, Settlement, TokenLimit
from worker.reporting.figures.folding import Write
from worker.reporting.figures.sealing import Sealing

DESTINATIONS = [Destination("web", "C0ONE"), Destination("offline", "2")]
WORKERS = ["one", "two", "three"]
LEASE_MS = 60_000
LIMIT = TokenLimit("digest", 10_000.0)

DELIVERED, DEAD, LEFT, APART = "delivered", "dead", "left", "apart"


@dataclass
class Held:
    """A claim as its worker remembers it, rightly or not."""

    worker: str
    claim: Claim


class OutboxMachine(RedisMachine):
    """The model: where every event is, and which claims are alive."""

    @initialize()
    def begin(self) -> None:
        """An empty server."""
        self.connect()
        self.appender = Appender(self.redis, linger_ms=0, rings=True, shards=SHARDS)
        self.outboxes = {
            name: Outbox(store_of(self.redis), consumer=name, lease_ms=LEASE_MS) for name in WORKERS
        }
        self.letters = DeadLetters(store_of(self.redis))
        self.next_id = 0
        self.waiting: set[str] = set()
        self.delivered: set[str] = set()
        self.dead: set[str] = set()
        self.replayed = 0
        self.buried: Counter[str] = Counter()
        self.held: list[Held] = []
        self.zombies: list[Held] = []

    @rule(counts=st.lists(st.integers(0, 130), min_size=2, max_size=2))
    def append(self, counts: list[int]) -> None:
        """Some events for each destination, in one call."""
        batch = []
        for destination, count in zip(DESTINATIONS, counts, strict=True):
            for _ in range(count):
                event_id = f"e{self.next_id}"
                self.next_id += 1
                self.waiting.add(event_id)
                body = json.dumps({"event_id": event_id}).encode()
                batch.append(PreparedEvent(destination, event_id, body))
        self.appender.append(batch)

    @rule(
        worker=st.sampled_from(WORKERS),
        destination=st.sampled_from(DESTINATIONS),
        wanted=st.sampled_from([1, 50, 120, 1000]),
    )
    def claim(self, worker: str, destination: Destination, wanted: int) -> None:
        """Claim, whether or not the destination was taken: the scripts must not rely on it."""
        want = Want(destination.key, wanted, 1_000_000, LIMIT)
        (claimed,) = self.outboxes[worker].claim([want])
        living = {block.id for held in self.held for block in held.claim.blocks}
        assert not living & {block.id for block in claimed.blocks}, "claimed from a live holder"
        if claimed.blocks:
            self.held.append(Held(worker, claimed))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A worker settles a claim it still holds: nothing of it can be lost."""
        held = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        assert all(self._holds(held, block) for block in held.claim.blocks)
        self._settle(held, data)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        """A worker is gone, or asleep: its claim is remembered by nobody, or by a zombie."""
        self.zombies.append(self.held.pop(data.draw(st.integers(0, len(self.held) - 1))))

    @precondition(lambda self: self.zombies)
    @rule(data=st.data())
    def wake_up(self, data: st.DataObject) -> None:
        """A zombie settles what it believes it holds."""
        held = self.zombies.pop(data.draw(st.integers(0, len(self.zombies) - 1)))
        self._settle(held, data)

    @rule()
    def leases_end(self) -> None:
        """Every claim outlives its lease; whoever still held one is a zombie now."""
        self.zombies += self.held
        self.held = []
        for destination in DESTINATIONS:
            stream = keys.outbox(destination.key)
            if self.redis.exists(stream) and self.redis.xinfo_groups(stream):
                self._age(stream)
            for name in ("not_before", "stale_check"):
                if self.redis.hexists(keys.state(destination.key), name):
                    self.redis.hset(keys.state(destination.key), name, 0)

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """One dead letter goes back, unless its destination backs off; never twice."""
        letters = sorted(self.letters, key=lambda one: one.id)
        letter = letters[data.draw(st.integers(0, len(letters) - 1))]
        if not replay_letter(self.redis, letter.id):
            return
        assert not replay_letter(self.redis, letter.id)
        self.dead.remove(str(letter.event_id))
        self.waiting.add(str(letter.event_id))
        self.replayed += 1

    @invariant()
    def every_event_is_in_one_place(self) -> None:
        """I1: what Redis holds is what the model says, no more and no less."""
        in_streams = [event for d in DESTINATIONS for event in ids_waiting(self.redis, d.key)]
        assert sorted(in_streams) == sorted(self.waiting)
        assert sorted(str(one.event_id) for one in self.letters) == sorted(self.dead)

    @invariant()
    def the_counters_account_for_every_event(self) -> None:
        """I7: accepted + replayed = delivered + waiting + buried."""
        stored: Any = self.redis.hgetall(keys.counters)
        counters = {k.decode(): int(v) for k, v in stored.items()}
        waiting = sum(int(self.redis.hget(keys.state(d.key), "waiting") or 0) for d in DESTINATIONS)
        assert counters.get("accepted", 0) == self.next_id
        assert counters.get("delivered", 0) == len(self.delivered)
        assert counters.get("dead:rejected", 0) == self.buried.total()
        assert counters.get("replayed", 0) == self.replayed
        assert waiting == len(self.waiting)

    @rule()
    def look_at_the_receipts(self) -> None:
        """I7: each end has its receipt, and there is none of anything else."""
        ends = Counter({(one, End.DELIVERED): 1 for one in self.delivered})
        ends.update({(one, End.REJECTED): times for one, times in self.buried.items()})
        lists = ReceiptLists(store_of(self.redis))
        found = lists.find(f"e{number}" for number in range(self.next_id))
        assert Counter((e, it.end) for e, receipts in found.items() for it in receipts) == ends
        assert sum(1 for _ in lists) == ends.total()

    @rule()
    def fold(self) -> None:
        """What was counted enters its hour; a fold that read before this one is refused."""
        late = Write(folding(self.redis).folds(), 1, {HOUR: {"web:C0ONE": b"{}"}})
        if folding(self.redis).fold() or late.folds != folding(self.redis).folds():
            assert not folding(self.redis).write(late)

    @rule()
    def seal(self) -> None:
        """The hour is compressed, though it is not over, and its day has it."""
        Sealing(store_of(self.redis), keys, 2**30).run(lambda: True, time.time() + 7_200)

    @rule()
    def look_at_the_figures(self) -> None:
        """I7: the sums over the hours are the counters."""
        assert figures_off(store_of(self.redis)) == {}

    def teardown(self) -> None:
        """However a history ends, the receipts and the figures are right."""
        if hasattr(self, "redis"):
            self.look_at_the_receipts()
            self.look_at_the_figures()
        super().teardown()

    @invariant()
    def work_is_never_forgotten(self) -> None:
        """A destination with events is in the ready set: somebody will come."""
        for destination in DESTINATIONS:
            has_work = bool(ids_waiting(self.redis, destination.key))
            assert (self.redis.zscore(keys.ready, destination.key) is not None) or not has_work

    def _settle(self, held: Held, data: st.DataObject) -> None:
        failing = data.draw(st.booleans(), label="failing")
        settlement = Settlement(
            held.claim.destination,
            held.claim.failures,
            LIMIT,
            outcome=Outcome.FAILING if failing else Outcome.HEALTHY,
        )
        lost = 0
        for block in held.claim.blocks:
            end = data.draw(st.sampled_from([DELIVERED, LEFT, "mixed"]), label=block.id)
            ends = self._end_block(block, end, data)
            ends[0].settle_into(settlement)
            if self._holds(held, block):
                self._apply(ends[1])
            else:
                lost += 1
        assert self.outboxes[held.worker].settle(settlement).lost == lost

    def _end_block(
        self, block: ClaimedBlock, end: str, data: st.DataObject
    ) -> tuple[OpenBlock, dict[str, str]]:
        """End each of a block's events somehow; returns the block and the ends by event."""
        opened = OpenBlock.of(block, lease_ends=0.0)
        attempt = Attempt(1.0, "transient", 50002, 1, None)
        history = data.draw(st.sampled_from([None, opened.history.after(attempt)]))
        ends: dict[str, str] = {}
        for index, event in enumerate(opened.events):
            fate = end if end != "mixed" else [DELIVERED, DEAD, LEFT, APART][index % 4]
            ends[event["event_id"]] = fate
            if fate == DELIVERED:
                opened.delivered(ended=[accepted(event["event_id"])])
            elif fate == DEAD:
                opened.dead(index, self._letter(event, opened))
            else:
                opened.left([index], history, group=1 if fate == APART else 0)
        return opened, ends

    def _holds(self, held: Held, block: ClaimedBlock) -> bool:
        """Whether the server knows the worker as the holder of this very claim."""
        stream = keys.outbox(held.claim.destination)
        if not self.redis.exists(stream) or not self.redis.xinfo_groups(stream):
            return False  # the outbox was emptied, and may have been begun anew since
        found = self.redis.xpending_range(stream, GROUP, block.id, block.id, 1)
        return bool(found) and (found[0]["consumer"], found[0]["times_delivered"]) == (
            held.worker.encode(),
            block.claims,
        )

    def _apply(self, ends: dict[str, str]) -> None:
        """What the model makes of a block's end."""
        for event_id, fate in ends.items():
            if fate == DELIVERED:
                self.waiting.remove(event_id)
                self.delivered.add(event_id)
            elif fate == DEAD:
                self.waiting.remove(event_id)
                self.dead.add(event_id)
                self.buried[event_id] += 1

    def _letter(self, event: dict[str, Any], block: OpenBlock) -> DeadLetter:
        return letter(event, now=1.0, destination=DESTINATIONS[0].key, history=block.history)

    def _age(self, stream: str) -> None:
        claims: Any = self.redis.xpending_range(stream, GROUP, "-", "+", 10_000)
        for entry in claims:
            if entry["consumer"] == b"due-again":
                continue
            self.redis.xclaim(
                stream,
                GROUP,
                entry["consumer"],
                min_idle_time=0,
                message_ids=[entry["message_id"]],
                idle=LEASE_MS,
                retrycount=entry["times_delivered"],
                justid=True,
            )


def test_random_histories_keep_the_promises(server: EmbeddedServer) -> None:
    """No order of appends, claims, deaths, wake-ups and replays loses or doubles an event."""
    run_histories(OutboxMachine, server, histories=60, steps=40)

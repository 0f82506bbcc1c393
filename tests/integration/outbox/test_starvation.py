"""Who waits longer goes first: within a destination, among destinations, and at one token."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders import claims
from tests.builders.claims import ids
from tests.builders.leases import expire_leases
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.outbox import Appender
from worker.outbox.claim import Claim
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement, TokenLimit

LEASE_MS: Final = 60_000
FAST: Final = TokenLimit("fast", 1000.0)
SLOW: Final = TokenLimit("slow", 0.1)
TURN_MS: Final = 10_000
"""Between two requests of the slow token."""

BURST_MS: Final = 250
"""How far a token may be ahead of its schedule, see `limiter.lua`."""

BUSY: Final = Destination("web", "C0BUSY")
QUIET: Final = Destination("web", "C0QUIET")


class Stage:
    """A producer and two worker processes on one server.

    Attributes:
        redis: the server.
        one: a worker process.
        two: another one.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.one = Outbox(store_of(redis), consumer="one", lease_ms=LEASE_MS)
        self.two = Outbox(store_of(redis), consumer="two", lease_ms=LEASE_MS)
        self._appender = Appender(redis, linger_ms=0, rings=False, shards=SHARDS)

    def append(self, destination: Destination, *ids: str) -> None:
        """Append events, each in a block of its own."""
        for event_id in ids:
            body = json.dumps({"event_id": event_id}).encode()
            self._appender.append([PreparedEvent(destination, event_id, body)])

    def take(self, limit: int) -> list[str]:
        """What the first process takes."""
        return self.one.take(limit, patience_ms=1000, stay=False).destinations

    def end_back_off(self, destination: Destination) -> None:
        """As if it were over."""
        self.redis.hset(keys.state(destination.key), "not_before", 0)

    def serve_slowly(self) -> list[str]:
        """What is claimed with the slow token, one event each, until nothing is due."""
        served = []
        while due := self.take(16):
            destinations = [Destination.from_key(name) for name in due]
            claims = [claim(self.one, each, wanted=1, limit=SLOW) for each in destinations]
            served += [claimed.destination for claimed in claims if claimed.blocks]
        return served

    def give_turn(self) -> None:
        """As if the time of the slow token's next request had come, and no later one's."""
        seconds, microseconds = self.redis.time()
        now_ms = seconds * 1000 + microseconds // 1000
        self.redis.hset(keys.limit(SLOW.token_digest), "next_at", now_ms + BURST_MS)
        ready: Any = self.redis.zrange(keys.ready, 0, -1, withscores=True)
        for name, due in ready:
            self.redis.zadd(keys.ready, {name: due - TURN_MS})
            self.redis.hset(keys.state(name.decode()), "not_before", now_ms)


@pytest.fixture
def stage(redis: Redis) -> Stage:
    """On an empty database."""
    return Stage(redis)


def claim(
    outbox: Outbox, destination: Destination = BUSY, *, wanted: int = 2, limit: TokenLimit = FAST
) -> Claim:
    """Claim so many events of a destination."""
    return claims.claim(outbox, destination, wanted=wanted, limit=limit)


def settle(outbox: Outbox, claimed: Claim, outcome: Outcome) -> None:
    """Its events were delivered, or wait for another attempt."""
    if outcome is Outcome.HEALTHY:
        outbox.settle(claims.delivered(claimed, limit=FAST))
    else:
        outbox.settle(claims.due_again(claimed, limit=FAST, outcome=outcome, delay_ms=900))


def test_what_is_due_again_goes_before_what_is_new(stage: Stage) -> None:
    """Though the new ones were appended before it was handed back, and keep coming."""
    stage.append(BUSY, "old-1", "old-2", "new-1", "new-2")
    first = claim(stage.one)
    stage.append(BUSY, "new-3")
    settle(stage.one, first, Outcome.NONE)
    stage.append(BUSY, "new-4")
    assert ids(claim(stage.two, wanted=4)) == ["old-1", "old-2", "new-1", "new-2"]


def test_what_is_due_again_goes_in_the_order_of_acceptance(stage: Stage) -> None:
    """Whichever of its workers gives up first."""
    stage.append(BUSY, "a", "b", "c", "d")
    older, newer = claim(stage.one), claim(stage.two)
    settle(stage.two, newer, Outcome.NONE)
    settle(stage.one, older, Outcome.NONE)
    assert ids(claim(stage.two, wanted=3)) == ["a", "b", "c"]


def test_the_claim_of_a_dead_worker_goes_before_what_is_new(stage: Stage) -> None:
    """Once its lease has ended; fresh traffic that fills every claim does not hide it."""
    stage.append(BUSY, "old-1", "old-2", *(f"new-{number}" for number in range(10)))
    claim(stage.one)
    assert ids(claim(stage.two)) == ["new-0", "new-1"]
    expire_leases(stage.redis, BUSY.key, idle_ms=LEASE_MS, consumer="one")
    assert ids(claim(stage.two, wanted=3)) == ["old-1", "old-2", "new-2"]


@pytest.mark.parametrize("failures", [1, 2, 4])
def test_after_an_outage_the_retried_goes_before_what_came_meanwhile(
    stage: Stage, failures: int
) -> None:
    """The probe carries it, whatever came."""
    stage.append(BUSY, "old-1", "old-2", "old-3")
    for number in range(failures):
        probe = claim(stage.one)
        settle(stage.one, probe, Outcome.FAILING)
        stage.append(BUSY, f"new-{2 * number}", f"new-{2 * number + 1}")
        stage.end_back_off(BUSY)
    probe = claim(stage.two)
    settle(stage.two, probe, Outcome.HEALTHY)
    assert ids(probe) == ["old-1", "old-2"]
    assert ids(claim(stage.two)) == ["old-3", "new-0"]


def test_every_third_probe_passes_over_the_oldest(stage: Stage) -> None:
    """What failed so often may be to blame; it is the next one's again."""
    stage.append(BUSY, "old-1", "old-2", "old-3")
    for _ in range(3):
        settle(stage.one, claim(stage.one), Outcome.FAILING)
        stage.end_back_off(BUSY)
    probe = claim(stage.two)
    settle(stage.two, probe, Outcome.FAILING)
    stage.end_back_off(BUSY)
    assert (ids(probe), ids(claim(stage.two))) == (["old-2", "old-3"], ["old-1", "old-2"])


def test_a_third_probe_takes_what_is_new_before_a_lone_culprit(stage: Stage) -> None:
    """And the culprit itself only when there is nothing else."""
    stage.append(BUSY, "old-1")
    for _ in range(3):
        settle(stage.one, claim(stage.one), Outcome.FAILING)
        stage.end_back_off(BUSY)
    stage.append(BUSY, "new-1")
    assert ids(claim(stage.two)) == ["new-1"]


def test_destinations_are_taken_in_the_order_in_which_they_became_due(stage: Stage) -> None:
    """One by one, and not by name or by how much they have."""
    names = [Destination("web", f"C0PIXEL{number}") for number in (3, 1, 2)]
    for number, destination in enumerate(names):
        stage.append(destination, "e")
        stage.redis.zincrby(keys.ready, number - 10, destination.key)
    assert [stage.take(1) for _ in names] == [[destination.key] for destination in names]


def test_constant_traffic_does_not_pass_who_became_due_before(stage: Stage) -> None:
    """More of its events wait, and more come; the quiet one has the next turn all the same."""
    stage.append(BUSY, *(f"busy-{number}" for number in range(20)))
    stage.take(1)
    stage.append(QUIET, "quiet")
    stage.redis.zincrby(keys.ready, -1, QUIET.key)
    settle(stage.one, claim(stage.one), Outcome.HEALTHY)
    stage.append(BUSY, "busy-20")
    assert stage.take(1) == [QUIET.key]


def test_destinations_of_one_token_take_turns(stage: Stage) -> None:
    """However little it may do, whatever their names are and whoever has fresh events.

    Were all due in the same moment, the first by name would have every turn; were fresh
    events to bring a destination forward, the busiest would.
    """
    destinations = [Destination("web", f"C0Pixel{name}") for name in "aBcDé"]
    for destination in destinations:
        stage.append(destination, *(f"event-{number}" for number in range(8)))
    served: Counter[str] = Counter()
    for number in range(3 * len(destinations)):
        stage.give_turn()
        served.update(stage.serve_slowly())
        for busy in destinations[number % 2 :: 3]:
            stage.append(busy, f"fresh-{number}")
        assert stage.serve_slowly() == []
    assert served == Counter({destination.key: 3 for destination in destinations})


@pytest.mark.parametrize("more", [0, 1])
def test_a_turn_that_was_waited_for_leaves_nothing_behind(stage: Stage, more: int) -> None:
    """Asked for while the last event is under way, or had by events of which none was sent."""
    stage.append(BUSY, "first", *["second"] * more)
    claims = [claim(stage.one, wanted=1, limit=SLOW)]
    assert claim(stage.two, wanted=1, limit=SLOW).blocks == []
    if more:
        stage.give_turn()
        claims.append(claim(stage.two, wanted=1, limit=SLOW))
    for outbox, claimed in zip((stage.one, stage.two), claims, strict=False):
        settlement = Settlement(BUSY.key, 0, SLOW)
        settlement.done = [(block.id, block.claims, block.events) for block in claimed.blocks]
        assert outbox.settle(settlement).lost == 0
    assert stage.redis.exists(keys.state(BUSY.key), keys.outbox(BUSY.key)) == 0
    assert stage.redis.zcard(keys.ready) == 0

"""The limit of an access token whose destinations are in several shards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from redis import Redis

from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.outbox import Appender
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.outbox.claim import Claim, Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settlement, TokenLimit
from worker.outbox.token_turns import LEASE_S

SHARDS: Final = Shards(count=8)
LOOK_S: Final = 0.02
DIGEST: Final = "digest"
BURST_S: Final = 0.25
MEASURED_S: Final = 1.5


def append(redis: Redis, pixels: int, each: int) -> None:
    """So many blocks of one event for each of some destinations."""
    appender = Appender(redis, linger_ms=0, rings=False, shards=SHARDS)
    for pixel in range(pixels):
        appender.append_blocks([Block(f"web:P{pixel}", 1, b"[{}]", "")] * each)
    appender.close()


@dataclass
class Process:
    """A worker process that sends as fast as it may.

    Attributes:
        outbox: as it sees it.
        rate: of the token.
        sent: when, seconds of the monotonic clock.
        trips: that it made for turns.
    """

    outbox: Outbox
    rate: float
    sent: list[float] = field(default_factory=list)
    trips: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        script: Any = self.outbox._turns._script  # type: ignore[union-attr]
        many = script.many

        def counted(calls: Any) -> Any:
            self.trips["all"] += 1
            return many(calls)

        script.many = counted

    def claim(self, limit: int = 16) -> list[Claim]:
        """Take and claim once."""
        taken = self.outbox.take(limit, patience_ms=1_000, stay=True)
        wants = [Want(name, 1, 1, TokenLimit(DIGEST, self.rate)) for name in taken.destinations]
        claims = self.outbox.claim(wants) if wants else []
        self.sent += [time.monotonic()] * sum(len(claim.blocks) for claim in claims)
        if not wants:
            time.sleep(LOOK_S if taken.wait_ms is None else min(taken.wait_ms / 1000, LOOK_S))
        return claims

    def work(self, ends: float) -> None:
        """Send until then."""
        while time.monotonic() < ends:
            self.claim()


def process(redis: Redis, rate: float, name: str = "one") -> Process:
    """One of several worker processes."""
    return Process(Outbox(Store(redis, SHARDS), consumer=name, lease_ms=60_000), rate)


@pytest.mark.parametrize(("rate", "pixels"), [(20, 1), (100, 1), (100, 30)])
def test_what_is_allowed_is_sent_and_no_more(redis: Redis, rate: int, pixels: int) -> None:
    """By two processes, to one destination or many; at most one trip a lease."""
    append(redis, pixels, rate * 3 // pixels + 1)
    processes = [process(redis, rate, name) for name in ("one", "two")]
    ends = (began := time.monotonic()) + BURST_S + MEASURED_S
    threads = [threading.Thread(target=one.work, args=(ends,)) for one in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after_burst = sum(at - began >= BURST_S for one in processes for at in one.sent)
    assert 0.9 <= after_burst / rate / MEASURED_S <= 1.07
    assert max(one.trips["all"] for one in processes) <= 1.25 * (BURST_S + MEASURED_S) / LEASE_S


def test_an_api_that_wants_fewer_is_heeded_in_all_shards(redis: Redis) -> None:
    """Half the rate for the destinations of every shard, and no turn without it."""
    append(redis, 30, 20)
    one = process(redis, 100.0)
    one.claim()
    slowed = Settlement("web:P0", 0, TokenLimit(DIGEST, 100.0), throttled=True)
    one.outbox.settle(slowed)
    home = SHARDS.of(DIGEST).limit(DIGEST)
    assert redis.hget(home, "rate") == b"50"
    assert [redis.exists(keys.limit(DIGEST)) for keys in SHARDS].count(1) == 1


def test_requests_without_a_turn_are_made_up_for(redis: Redis) -> None:
    """A batch that was halved has sent more requests than claims had turns for."""
    append(redis, 1, 20)
    one = process(redis, 10.0)
    settlement = Settlement("web:P0", 0, TokenLimit(DIGEST, 10.0), extra_requests=20)
    one.outbox.settle(settlement)
    (claim,) = one.claim()
    assert claim.blocks == []


def test_turns_that_nobody_used_are_given_back(redis: Redis) -> None:
    """A process that has stopped holds none of the others up."""
    append(redis, 1, 3)
    one = process(redis, 100.0)
    wants = [Want("web:P0", 1, 1, TokenLimit(DIGEST, 100.0))] * 20
    assert sum(len(claim.blocks) for claim in one.outbox.claim(wants)) == 3
    ahead = schedule(redis)
    time.sleep(LEASE_S)  # the turns' time passes, and nothing tells it
    one.outbox.take(0, patience_ms=1, stay=False)
    assert schedule(redis) <= ahead - 170 + LEASE_S * 2_000


def schedule(redis: Redis) -> float:
    """When the token's next request is due, Unix ms."""
    found: Any = redis.hget(SHARDS.of(DIGEST).limit(DIGEST), "next_at")
    return float(found)


def test_one_shard_asks_nobody(redis: Redis) -> None:
    """Its claim keeps the schedule itself: no trip more."""
    outbox = Outbox(Store(redis, Shards()), consumer="one", lease_ms=60_000)
    assert outbox._turns is None

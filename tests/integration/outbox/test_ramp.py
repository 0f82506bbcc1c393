"""How a destination regains its speed after an outage, with the real scripts."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders import claims
from tests.builders.claims import PIXEL
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.outbox.outbox import Appender
from worker.outbox.claim import Claim, Rest
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import Outcome, TokenLimit

STATE = keys.state(PIXEL.key)
LIMIT = TokenLimit("digest", 10_000.0)
BATCH = 10
RAMP_MS = 4_000


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker, with many requests' worth of events waiting."""
    appender = Appender(redis, linger_ms=0, rings=False, shards=SHARDS)
    for first in range(0, 100 * BATCH, BATCH):
        appender.append(claims.events(BATCH, first=first))
    return Outbox(store_of(redis), consumer="one", lease_ms=60_000)


def claim(outbox: Outbox) -> Claim:
    """Claim one request's worth."""
    return claims.claim(outbox, wanted=BATCH, limit=LIMIT)


def end(outbox: Outbox, claimed: Claim, outcome: Outcome) -> None:
    """Settle a claim: delivered, or due again at once."""
    settled = claims.delivered if outcome is Outcome.HEALTHY else claims.due_again
    outbox.settle(settled(claimed, limit=LIMIT))


def fail(outbox: Outbox, times: int) -> None:
    """The destination fails so often in a row, and may be probed."""
    for _ in range(times):
        end(outbox, claim(outbox), Outcome.FAILING)


def pass_time(redis: Redis, milliseconds: int) -> None:
    """As if the recovery had happened so much earlier."""
    recovered_at = int(redis.hget(STATE, "recovered_at") or 0)
    redis.hset(STATE, "recovered_at", recovered_at - milliseconds)


def test_a_single_failure_needs_no_ramp(redis: Redis, outbox: Outbox) -> None:
    """After one hiccup and one answer the destination has its full speed."""
    fail(outbox, 1)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    assert [claim(outbox).rest for _ in range(5)] == [Rest.MORE] * 5


def test_after_an_outage_requests_follow_each_other_slowly(redis: Redis, outbox: Outbox) -> None:
    """The next request goes with the probe's answer, the one after it a quarter second later."""
    fail(outbox, 3)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    first, second = claim(outbox), claim(outbox)
    assert (len(first.blocks), second.rest, second.blocks) == (1, Rest.LATER, [])
    seconds, microseconds = redis.time()
    due = redis.zscore(keys.ready, PIXEL.key)
    assert due is not None
    assert 0 < due - (seconds * 1000 + microseconds / 1000) <= 250


def test_the_ramp_grows_steeper(redis: Redis, outbox: Outbox) -> None:
    """Two seconds on, a request may follow after a sixteenth of the first pause."""
    fail(outbox, 3)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    pass_time(redis, 2_000)
    claim(outbox)
    seconds, microseconds = redis.time()
    wait = int(redis.hget(STATE, "ramp_next") or 0) - (seconds * 1000 + microseconds // 1000)
    assert wait <= 250 // 16 + 1


def test_the_ramp_ends(redis: Redis, outbox: Outbox) -> None:
    """Then nothing of it is left, and the speed is the destination's own."""
    fail(outbox, 3)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    pass_time(redis, RAMP_MS)
    assert [claim(outbox).rest for _ in range(5)] == [Rest.MORE] * 5
    assert redis.hmget(STATE, "recovered_at", "ramp_next") == [None, None]


def test_a_failure_on_the_ramp_is_probed_again(redis: Redis, outbox: Outbox) -> None:
    """Back-off takes the place of the ramp."""
    fail(outbox, 3)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    end(outbox, claim(outbox), Outcome.FAILING)
    assert redis.hmget(STATE, "recovered_at", "ramp_next") == [None, None]
    probe, beside_it = claim(outbox), claim(outbox)
    assert (probe.failures, probe.rest, beside_it.rest) == (1, Rest.NOTHING, Rest.STOPPED)


def test_a_resumed_destination_is_ramped_up_too(redis: Redis, outbox: Outbox) -> None:
    """What waited for days does not fall upon the API at once."""
    parking = Parking(store_of(redis))
    parking.park(PIXEL.key)
    parking.resume(PIXEL.key)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    assert [claim(outbox).rest for _ in range(2)] == [Rest.MORE, Rest.LATER]


def test_a_clock_that_jumped_back_ends_the_ramp(redis: Redis, outbox: Outbox) -> None:
    """A recovery in the future holds nobody."""
    fail(outbox, 3)
    end(outbox, claim(outbox), Outcome.HEALTHY)
    pass_time(redis, -3_600_000)
    assert [claim(outbox).rest for _ in range(2)] == [Rest.MORE, Rest.MORE]

"""The server's clock is set back or forward by an hour: nothing waits for it.

A test cannot set that clock; it moves every moment that is stored the other way, which
is the same to scripts that only compare the two.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from redis import Redis

from tests.builders.claims import LEASE_MS, PIXEL, claim, delivered, due_again
from tests.builders.stores import SHARDS, broker_keys, keys, store_of
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.outbox import Appender
from worker.cli.doctor.accounts import worker_clocks
from worker.operations.status import read_figures
from worker.outbox.claim import Claim
from worker.outbox.clock_watch import ClockWatch
from worker.outbox.outbox import Outbox
from worker.outbox.server_clock import ServerClock
from worker.runtime.check import Outcome as CheckOutcome

STATE = keys.state(PIXEL.key)
STREAM = keys.outbox(PIXEL.key)
HOUR_MS = 3_600_000
LIMIT = keys.limit("digest")


@pytest.fixture
def clock(redis: Redis) -> ClockWatch:
    """It has looked before, as every worker does once a second."""
    watch = ClockWatch(store_of(redis))
    assert not watch.look()
    return watch


def append(redis: Redis, *event_ids: str, linger_ms: int = 0) -> None:
    """A producer's call."""
    bodies = [(one, json.dumps({"event_id": one}).encode()) for one in event_ids]
    prepared = [PreparedEvent(PIXEL, event_id, body) for event_id, body in bodies]
    Appender(redis, linger_ms=linger_ms, rings=True, shards=SHARDS).append(prepared)


def take(outbox: Outbox) -> list[str]:
    """What is due."""
    return outbox.take(16, patience_ms=1000, stay=False).destinations


def settle(outbox: Outbox, claimed: Claim, *, delay_ms: int | None = None) -> int:
    """Delivered, or failed with a back-off; returns how many claims were lost."""
    if delay_ms is None:
        return outbox.settle(delivered(claimed)).lost
    again = due_again(claimed, delay_ms=delay_ms, first_delay_ms=delay_ms)
    return outbox.settle(again).lost


def jump(redis: Redis, by_ms: int) -> None:
    """The clock jumps: what is stored lies so much further back, or ahead for a jump back."""
    ready: Any = redis.zrange(keys.ready, 0, -1, withscores=True)
    for name, due in ready:
        redis.zadd(keys.ready, {name: due - by_ms})
    for key in (STATE, LIMIT):
        for field in ("not_before", "stale_check", "next_at", "changed_at", "lowered_at"):
            if (moment := redis.hget(key, field)) is not None:
                redis.hset(key, field, str(round(float(moment)) - by_ms))
    if (seen := redis.get(keys.clock)) is not None:
        redis.set(keys.clock, int(seen) - by_ms)
    if (left_ms := redis.pttl(keys.awake)) > 0:
        redis.pexpire(keys.awake, left_ms - by_ms)
    _shift_claims(redis, by_ms)


def _shift_claims(redis: Redis, by_ms: int) -> None:
    seconds, microseconds = redis.time()
    now_ms = seconds * 1000 + microseconds // 1000
    if not redis.exists(STREAM) or not redis.xinfo_groups(STREAM):
        return
    claims: Any = redis.xpending_range(STREAM, GROUP, "-", "+", 1000)
    for entry in claims:
        redis.xclaim(
            STREAM,
            GROUP,
            entry["consumer"],
            min_idle_time=0,
            message_ids=[entry["message_id"]],
            time=now_ms - entry["time_since_delivered"] - by_ms,
            retrycount=entry["times_delivered"],
            justid=True,
        )


def test_what_is_due_stays_due(redis: Redis, clock: ClockWatch, outbox: Outbox) -> None:
    """Back: without the watch it would wait an hour longer."""
    append(redis, "a", linger_ms=500)
    jump(redis, -HOUR_MS)
    assert take(outbox) == []
    assert clock.look()
    assert take(outbox) == [PIXEL.key]


def test_a_back_off_ends(redis: Redis, clock: ClockWatch, outbox: Outbox) -> None:
    """Back: the next claim is the probe; it is not forgotten that the destination fails."""
    append(redis, "a")
    settle(outbox, claim(outbox), delay_ms=900)
    jump(redis, -HOUR_MS)
    clock.look()
    assert take(outbox) == [PIXEL.key]
    probe = claim(outbox)
    assert ([block.claims for block in probe.blocks], probe.failures) == ([1], 1)


def test_a_lease_begins_anew(
    redis: Redis, clock: ClockWatch, outbox: Outbox, rival: Outbox
) -> None:
    """Back: who holds a block keeps it, and may settle it."""
    append(redis, "a")
    claimed = claim(outbox)
    jump(redis, -HOUR_MS)
    clock.look()
    assert claim(rival).blocks == []
    assert settle(outbox, claimed) == 0


def test_a_dead_worker_is_followed_after_one_more_lease(
    redis: Redis, clock: ClockWatch, outbox: Outbox, rival: Outbox
) -> None:
    """Back: not after an hour; the number of claims tells that one died."""
    append(redis, "a")
    claim(outbox)
    jump(redis, -HOUR_MS)
    clock.look()
    jump(redis, LEASE_MS)
    assert take(rival) == [PIXEL.key]
    assert [block.claims for block in claim(rival).blocks] == [2]


def test_nobody_counts_as_awake(redis: Redis, clock: ClockWatch, outbox: Outbox) -> None:
    """Back: whoever was awake may be dead, and no bell was rung for an hour."""
    append(redis, "a")
    assert take(outbox) == [PIXEL.key]
    redis.delete(broker_keys.doorbell)
    jump(redis, -HOUR_MS)
    clock.look()
    assert outbox.ring()


def test_ids_go_on_in_order(redis: Redis, outbox: Outbox) -> None:
    """Back: a block is appended behind those with later times, and none is skipped."""
    seconds, _ = redis.time()
    redis.xadd(STREAM, {"n": 1, "b": '[{"event_id":"a"}]'}, id=f"{(seconds + 3600) * 1000}-1")
    redis.set(keys.sequence, 1)
    append(redis, "b", "c")
    blocks = claim(outbox).blocks
    assert [json.loads(block.payload)[0]["event_id"] for block in blocks] == ["a", "b"]
    assert blocks[1].id == f"{(seconds + 3600) * 1000}-2"


def test_a_lowered_rate_comes_back(redis: Redis, outbox: Outbox) -> None:
    """Back: it is regained from now on, not in an hour."""
    append(redis, "a", "b")
    seconds, _ = redis.time()
    redis.hset(LIMIT, mapping={"rate": 100, "changed_at": (seconds + 3600) * 1000})
    claim(outbox)
    changed_at = int(redis.hget(LIMIT, "changed_at") or 0)
    assert changed_at <= (seconds + 60) * 1000
    redis.hset(LIMIT, "changed_at", changed_at - 3_000)
    append(redis, "c")
    claim(outbox)
    assert round(float(redis.hget(LIMIT, "rate") or 0)) == 250


def test_forward_every_wait_ends(
    redis: Redis, clock: ClockWatch, outbox: Outbox, rival: Outbox
) -> None:
    """Another worker takes a living claim over: its holder is fenced, and it counts once."""
    append(redis, "a")
    older = claim(outbox)
    jump(redis, HOUR_MS)
    assert not clock.look()
    assert take(rival) == [PIXEL.key]
    newer = claim(rival)
    assert settle(outbox, older) == 1
    assert settle(rival, newer) == 0
    assert redis.hget(keys.counters, "delivered") == b"1"


def test_a_jump_is_mended_once(redis: Redis, clock: ClockWatch) -> None:
    """By the first worker that sees it; the others find the new time."""
    jump(redis, -HOUR_MS)
    assert [clock.look(), ClockWatch(store_of(redis)).look()] == [True, False]


@pytest.mark.parametrize("destinations", [500, 501])
def test_every_destination_is_mended(
    redis: Redis, clock: ClockWatch, outbox: Outbox, destinations: int
) -> None:
    """However many there are."""
    due: Any = {f"web:C0PIXEL{number}": 0 for number in range(destinations)}
    redis.zadd(keys.ready, due)
    jump(redis, -HOUR_MS)
    clock.look()
    assert len(outbox.take(1000, patience_ms=1000, stay=False).destinations) == destinations


# --- a worker's own clock -----------------------------------------------------------------


def test_a_worker_whose_clock_differs_is_noted_until_it_agrees(redis: Redis) -> None:
    """By machine and process, and with how much; `status` and `doctor` tell it."""
    ahead_s = 500.0
    watch = ClockWatch(store_of(redis), "shop:17", lambda: time.time() + ahead_s)
    watch.look()
    assert read_figures(store_of(redis)).clocks == {"shop:17": pytest.approx(500, abs=1)}
    check = worker_clocks(read_figures(store_of(redis)))
    assert check.outcome is CheckOutcome.FAILED
    assert "shop:17 is 500" in check.message
    ahead_s = 0.5
    watch.look()
    assert read_figures(store_of(redis)).clocks == {}
    assert worker_clocks(read_figures(store_of(redis))).outcome is CheckOutcome.OK


def test_a_worker_that_is_gone_is_not_told(redis: Redis) -> None:
    """It has not looked for a minute; the next note of another removes it."""
    redis.hset(keys.clocks, mapping={"gone:1": "90000 1000", "junk": "what"})
    assert read_figures(store_of(redis)).clocks == {}
    ClockWatch(store_of(redis), "shop:17", lambda: 0.0).look()
    assert redis.hkeys(keys.clocks) == [b"shop:17"]


def test_every_take_tells_the_time(redis: Redis) -> None:
    """So a busy process knows it without a round trip more."""
    outbox = Outbox(
        store_of(redis), consumer="one", lease_ms=LEASE_MS, clock=ServerClock(lambda: 0.0)
    )
    assert outbox.clock.now() == 0.0
    take(outbox)
    seconds, micros = redis.time()
    assert outbox.clock.now() == pytest.approx(seconds + micros / 1e6, abs=0.5)
    assert not outbox.clock.judges

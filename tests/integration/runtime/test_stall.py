"""When a worker counts as standing still, with a real server."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.stores import SHARDS, keys, store_of
from worker.local.embedded import EmbeddedServer
from worker.runtime.engine import connect_to_look
from worker.runtime.progress import Progress
from worker.runtime.stall import LOOKS, StallWatch

PIXEL = "web:C0PIXEL"
STALL_S = 40.0


class Stopped(Progress):
    """Children that last looked for work so long ago."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def age_s(self) -> float:
        """Seconds since the newest beat."""
        return self.seconds


def make_due(redis: Redis, *, ago_s: float) -> None:
    """A destination has been due for so long."""
    seconds, microseconds = redis.time()
    redis.zadd(keys.ready, {PIXEL: seconds * 1000 + microseconds / 1000 - ago_s * 1000})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The watch's clock, in a list so that a test can turn it."""
    now = [1_000.0]
    monkeypatch.setattr("worker.runtime.stall.time.monotonic", lambda: now[0])
    return now


def looks(watch: StallWatch, clock: list[float], count: int) -> list[bool]:
    """What it says when it looks so often, a tenth of the limit apart."""
    found = []
    for _ in range(count):
        found.append(watch.look())
        clock[0] += STALL_S / LOOKS
    return found


def test_work_that_nobody_looks_at_for_long_is_a_stall(redis: Redis, clock: list[float]) -> None:
    """After the whole time, not before."""
    make_due(redis, ago_s=1)
    watch = StallWatch(store_of(redis), Stopped(1_000), STALL_S)
    assert looks(watch, clock, LOOKS + 1) == [False] * LOOKS + [True]


def test_a_worker_that_looks_is_alive(redis: Redis, clock: list[float]) -> None:
    """However long its queue is: it may be held by the API or by its limits."""
    make_due(redis, ago_s=1_000)
    watch = StallWatch(store_of(redis), Stopped(STALL_S / LOOKS / 2), STALL_S)
    assert looks(watch, clock, 2 * LOOKS) == [False] * 2 * LOOKS


def test_one_sign_of_life_begins_it_anew(redis: Redis, clock: list[float]) -> None:
    """A stall is one that lasts."""
    make_due(redis, ago_s=1)
    children = Stopped(1_000)
    watch = StallWatch(store_of(redis), children, STALL_S)
    looks(watch, clock, LOOKS - 1)
    children.seconds = 0.0
    assert looks(watch, clock, 1) == [False]
    children.seconds = 1_000
    assert looks(watch, clock, LOOKS + 1) == [False] * LOOKS + [True]


@pytest.mark.parametrize("ago_s", [None, -60.0], ids=["nothing waits", "due in a minute"])
def test_a_worker_without_work_may_stand_still(
    redis: Redis, clock: list[float], ago_s: float | None
) -> None:
    """Idle, or waiting for a back-off to end."""
    if ago_s is not None:
        make_due(redis, ago_s=ago_s)
    watch = StallWatch(store_of(redis), Stopped(1_000), STALL_S)
    assert looks(watch, clock, 2 * LOOKS) == [False] * 2 * LOOKS


def test_an_outage_of_redis_is_no_stall(clock: list[float]) -> None:
    """Nobody can look then; the time counts anew when it is back."""
    with EmbeddedServer() as server:
        redis = connect_to_look(server.url, SHARDS)
        make_due(redis, ago_s=1)
        watch = StallWatch(store_of(redis), Stopped(1_000), STALL_S)
        looks(watch, clock, LOOKS - 1)
        server.kill()
        assert looks(watch, clock, LOOKS) == [False] * LOOKS
        server.restart()
        assert looks(watch, clock, LOOKS + 1) == [False] * LOOKS + [True]
        redis.close()

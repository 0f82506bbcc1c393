"""A worker whose clock is wrong sends what is in time, and ends nothing because of its age."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.leases import expire_leases
from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.operations.status import read_figures

SHIFTED: Final = str(Path(__file__).with_name("shifted_worker.py"))
DAY_S: Final = 86_400
FRESH, DOUBTFUL = "C0FRESH0PIXEL000000", "C0DOUBT0PIXEL000000"
LEAD: Final[dict[str, Any]] = {
    "event": "Lead",
    "page": {"url": "https://shop.example/"},
    "user": {"ip": "8.8.4.4"},
}


def reset_once() -> Callable[[Any], Any]:
    """The first request may have arrived, the others do."""
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        if len(seen) == 1:
            raise ConnectionResetError
        return 200, {}, {"code": 0, "message": "OK", "request_id": "r", "data": {}}

    return answer


def pass_a_lease(redis: Redis) -> None:
    """What was postponed is due."""
    for name in (f"web:{FRESH}", f"web:{DOUBTFUL}"):
        expire_leases(redis, name, idle_ms=600_000)
        redis.hdel(keys.state(name), "not_before")
        redis.zadd(keys.ready, {name: 0})


@pytest.mark.parametrize("days", [8, -8, 2.1], ids=["ahead", "behind", "two days ahead"])
def test_a_wrong_clock_buries_nothing(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, days: float
) -> None:
    """Fresh events go; what is too old by the server's time waits for a worker that can judge."""
    fake_api.answers[DOUBTFUL] = reset_once()
    with Client(redis_url, linger_ms=0) as client:
        ids = [client.track(LEAD | {"event_source_id": FRESH}) for _ in range(5)]
        long_ago = int(time.time() - 7.5 * DAY_S)
        client.track(LEAD | {"event_source_id": FRESH, "event_id": "old", "event_time": long_ago})
        client.track(LEAD | {"event_source_id": DOUBTFUL, "event_id": "doubtful"})
    wrong = start_worker(program=(SHIFTED, str(days * DAY_S)), RETRY_BASE_S="0.1")
    wait_until(lambda: read_figures(store_of(redis)).count("delivered") == 5)
    wait_until(lambda: fake_api.requests(DOUBTFUL))
    wait_until(lambda: read_figures(store_of(redis)).clocks)
    figures = read_figures(store_of(redis))
    assert list(figures.clocks.values()) == pytest.approx([days * DAY_S], abs=10)
    assert figures.buried == {}
    assert "clock_cannot_judge" in wrong.log()
    wrong.terminate()
    assert (read_figures(store_of(redis)).waiting, read_figures(store_of(redis)).unaccounted) == (
        2,
        0,
    )

    pass_a_lease(redis)
    start_worker()
    wait_until(lambda: read_figures(store_of(redis)).waiting == 0)
    assert {letter.event_id: letter.reason for letter in DeadLetters(store_of(redis))} == {
        "old": "expired"
    }
    accepted = [event_id for request in fake_api.accepted() for event_id in request.ids]
    assert sorted(accepted) == sorted([*ids, "doubtful"])

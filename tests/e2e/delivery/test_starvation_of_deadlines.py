"""An event near its deadline, while far more fresh traffic comes than the worker can send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

import pytest
from redis import Redis

from tests.builders.counters import counters
from tests.builders.events import pageview
from tests.builders.fake_api import Reply
from tests.builders.stores import keys
from tests.builders.wait import wait_until
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.settings import CONNECT_TIMEOUT_S

BUSY: Final = "C0BUSY000PIXEL000000"
QUIET: Final = "C0QUIET00PIXEL000000"
BACKLOG: Final = 5_000
"""Of the busy pixel, at least, for as long as the test lasts."""

FULL: Final = 4 * BACKLOG
SLICE: Final = 2_000
REQUEST_TIMEOUT_S: Final = 5
LEFT_S: Final = 20
"""After which the event is dead: it expires as soon as an attempt could end too late."""

WINDOW_S: Final = 7 * 86_400
SETTINGS: Final = {
    "BATCH_EVENTS": "20",
    "REQUEST_TIMEOUT_S": str(REQUEST_TIMEOUT_S),
    "MAX_IN_FLIGHT": "64",
    "POSTING_THREADS": "64",
}
"""There is always room for another request of the busy pixel."""


def _pageview(pixel: str, event_id: str, event_time: float) -> dict[str, Any]:
    return pageview(event_id, pixel, event_time=int(event_time))


def _near_its_deadline(pixel: str) -> dict[str, Any]:
    """An event that is worth sending for `LEFT_S` more."""
    margin_s = CONNECT_TIMEOUT_S + REQUEST_TIMEOUT_S
    return _pageview(pixel, "old", time.time() + LEFT_S + margin_s - WINDOW_S)


class Traffic:
    """Fresh events of the busy pixel: it never has less than a backlog.

    Args:
        redis: where it waits.
        client: what appends it.
    """

    def __init__(self, redis: Redis, client: Client) -> None:
        self._redis = redis
        self._client = client
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._flow)
        self._sent = 0

    @property
    def waiting(self) -> int:
        """How many events of it wait."""
        state = keys.state(Destination("web", BUSY).key)
        return int(self._redis.hget(state, "waiting") or 0)

    def send(self) -> None:
        """Append a slice."""
        first, self._sent = self._sent, self._sent + SLICE
        now = time.time()
        self._client.track_many(
            _pageview(BUSY, f"fresh-{number}", now) for number in range(first, self._sent)
        )

    def _flow(self) -> None:
        while not self._over.wait(0.01):
            if self.waiting < FULL:
                self.send()

    def __enter__(self) -> Self:
        while self.waiting < FULL:
            self.send()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def traffic(redis: Redis, client: Client, fake_api: Any) -> Iterator[Traffic]:
    """More than the fake can take."""
    fake_api.latency_s = 0.02
    with Traffic(redis, client) as flow:
        yield flow


@pytest.fixture
def wait_for_answers(fake_api: Any) -> Callable[[int], bool]:
    """Waits until the API has answered so many requests of the busy pixel."""
    return lambda number: wait_until(lambda: len(fake_api.requests(BUSY)) >= number)


@pytest.fixture
def is_in_time(redis: Redis, fake_api: Any) -> Callable[[str], bool]:
    """Whether the old event of a pixel is delivered; it waits until it is, or has expired."""

    def delivered(pixel: str) -> bool:
        return any("old" in request.ids for request in fake_api.accepted(pixel))

    def wait(pixel: str) -> bool:
        wait_until(lambda: delivered(pixel) or counters(redis).get("dead:expired"), 2 * LEFT_S)
        return delivered(pixel)

    return wait


@pytest.mark.parametrize("processes", [1, 2])
def test_a_near_deadline_is_met_beside_a_busy_pixel(
    client: Client,
    traffic: Traffic,
    start_worker: Any,
    wait_for_answers: Callable[[int], None],
    is_in_time: Callable[[str], bool],
    processes: int,
) -> None:
    """Whatever waits for the busy one, and however much more comes."""
    start_worker(processes, **SETTINGS)
    wait_for_answers(1)
    client.track(_near_its_deadline(QUIET))
    assert is_in_time(QUIET)
    assert traffic.waiting >= BACKLOG


def test_a_near_deadline_is_met_after_failed_attempts(
    redis: Redis,
    client: Client,
    fake_api: Any,
    start_worker: Any,
    wait_for_answers: Callable[[int], None],
    is_in_time: Callable[[str], bool],
) -> None:
    """What is tried again goes before what came meanwhile, however much that is."""
    outage: Reply = (200, {}, {"code": 50002, "message": "Internal error."})
    fake_api.answers[BUSY] = lambda _request: outage
    client.track(_near_its_deadline(BUSY))
    start_worker(1, RETRY_BASE_S="0.1", RETRY_CAP_S="0.5", **SETTINGS)
    wait_for_answers(3)
    with Traffic(redis, client) as traffic:
        del fake_api.answers[BUSY]
        assert is_in_time(BUSY)
        assert traffic.waiting >= BACKLOG

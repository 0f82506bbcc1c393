"""One of ten pixels is in trouble: the events of the other nine are all delivered meanwhile."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.outbox.parking import Parking
from worker.runtime.engine import Engine
from worker.settings import Settings

ILL: Final = "C0ILL0000PIXEL000000"
OTHERS: Final = [f"C0WELL000PIXEL00000{number}" for number in range(9)]
FILE: Final = f'[[destinations]]\nevent_source_id = "{ILL}"\naccess_token = "its-own-token"\n'
"""A token is throttled as a whole, whatever it is used for: the others have another."""

MAX_IN_FLIGHT: Final = 4
PROCESSES: Final = 2
EVENTS: Final = 300
RELEASE_S: Final = 60.0
BUDGET_S: Final = 0.2
SETTINGS: Final = {
    "BATCH_EVENTS": "20",
    "MAX_IN_FLIGHT": str(MAX_IN_FLIGHT),
    "RETRY_BASE_S": "0.05",
    "RETRY_CAP_S": "0.2",
}

Reply = tuple[int, dict[str, str], Any]

NO_PERMISSION: Final[Reply] = (200, {}, {"code": 40001, "message": "No permission for this pixel."})
THROTTLED: Final[Reply] = (200, {}, {"code": 40100, "message": "Too many requests."})


def _hang(over: threading.Event) -> Reply | None:
    over.wait(RELEASE_S)
    return None


def _park(_over: threading.Event) -> Reply | None:
    return NO_PERMISSION


def _throttle(_over: threading.Event) -> Reply | None:
    return THROTTLED


Trouble = Callable[[threading.Event], Reply | None]
"""Answers a request while the trouble lasts; waits for its end, or `None` for a reset."""


class TroubledApi:
    """The fake, in front of which requests for one pixel end as the trouble has it.

    Attributes:
        fake: answers all others.
        over: set when the trouble is.
        met: sizes of the requests that have met it.
    """

    def __init__(self, fake: Any, trouble: Trouble) -> None:
        self.fake = fake
        self.over = threading.Event()
        self.met: list[int] = []
        self._trouble = trouble
        self._reply = fake.reply
        fake.reply = self.reply

    def reply(self, path: str, headers: Any, body: bytes) -> Any:
        """In front of the fake's own reply, which answers one request after the other."""
        if self.over.is_set() or ILL.encode() not in body:
            return self._reply(path, headers, body)
        self.met.append(len(body))
        reply = self._trouble(self.over)
        if reply is None:
            raise ConnectionResetError
        return reply


@pytest.fixture(params=[_hang, _park, _throttle], ids=["hanging", "parked", "throttled"])
def troubled(request: pytest.FixtureRequest, fake_api: Any) -> Iterator[TroubledApi]:
    """The fake with one pixel in trouble."""
    api = TroubledApi(fake_api, request.param)
    yield api
    api.over.set()


def _track(client: Client, pixel: str, first: int) -> Counter[tuple[str, str]]:
    events: list[dict[str, Any]] = [
        {
            "event": "Purchase",
            "event_source_id": pixel,
            "event_id": f"ord-{number}",
            "user": {"email": "jo@example.com"},
            "page": {"url": "https://shop.example/thanks"},
        }
        for number in range(first, first + EVENTS)
    ]
    return Counter((pixel, event_id) for event_id in client.track_many(events))


def _arrived(fake_api: Any) -> Counter[tuple[str, str]]:
    return Counter((one.source_id, id_) for one in fake_api.accepted() for id_ in one.ids)


def test_the_others_are_delivered_meanwhile(
    redis: Redis, client: Client, troubled: TroubledApi, start_worker: Any, tmp_path: Path
) -> None:
    """All of theirs, in two waves, and none of the pixel's; its own follow when it is well."""
    file = tmp_path / "destinations.toml"
    file.write_text(FILE)
    ill = _track(client, ILL, 0)
    start_worker(PROCESSES, DESTINATIONS_FILE=str(file), **SETTINGS)
    wait_until(lambda: troubled.met)
    well: Counter[tuple[str, str]] = Counter()
    for first in (0, EVENTS):
        ill += _track(client, ILL, EVENTS + first)
        for pixel in OTHERS:
            well += _track(client, pixel, first)
        wait_until(lambda expected=well: _arrived(troubled.fake).total() >= expected.total())
        assert _arrived(troubled.fake) == well

    troubled.over.set()
    Parking(store_of(redis)).resume(f"web:{ILL}")
    wait_until(lambda: _arrived(troubled.fake).total() >= (ill + well).total())
    assert _arrived(troubled.fake) == ill + well


@pytest.mark.parametrize("troubled", [_hang], indirect=True, ids=["hanging"])
def test_a_hanging_pixel_holds_its_share_and_no_more(
    client: Client, troubled: TroubledApi, start_worker: Any
) -> None:
    """However much waits for it: `MAX_IN_FLIGHT` requests of each process."""
    for first in range(0, 5 * EVENTS, EVENTS):
        _track(client, ILL, first)
    start_worker(PROCESSES, REQUEST_TIMEOUT_S="100", LEASE_S="120", **SETTINGS)
    wait_until(lambda: len(troubled.met) >= MAX_IN_FLIGHT)
    for first in range(0, 3 * EVENTS, EVENTS):
        well = _track(client, OTHERS[0], first)
        wait_until(lambda expected=well: expected <= _arrived(troubled.fake))
    assert len(troubled.met) <= MAX_IN_FLIGHT * PROCESSES


@pytest.mark.parametrize("troubled", [_hang], indirect=True, ids=["hanging"])
def test_a_task_that_is_over_its_time_serves_others_until_its_requests_end(
    client: Client, troubled: TroubledApi, redis_url: str
) -> None:
    """Waiting for the hanging one alone, a lone worker process would stand still."""
    settings = Settings.load(
        {},
        redis_url=redis_url,
        api_url=troubled.fake.url,
        access_token="token",
        request_timeout_s=100,
        lease_s=120,
    )
    _track(client, ILL, 0)
    with ExitStack() as stack:
        engine = stack.enter_context(closing(Engine(settings)))
        task = threading.Thread(target=engine.drain, kwargs={"budget_s": BUDGET_S})
        stack.callback(task.join)
        stack.callback(troubled.over.set)
        is_over = time.monotonic() + 2 * BUDGET_S
        task.start()
        wait_until(lambda: troubled.met)
        well: Counter[tuple[str, str]] = Counter()
        while not well or time.monotonic() < is_over:
            well += _track(client, OTHERS[0], well.total())
            wait_until(lambda expected=well: _arrived(troubled.fake) == expected)
        well += _track(client, OTHERS[1], 0)
        wait_until(lambda: _arrived(troubled.fake) == well)

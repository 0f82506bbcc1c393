"""One run of the loop with more destinations due than it takes at once, one with a backlog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest

from tests.builders.events import pageview
from tiktok_events import Client
from worker.delivery.loop import TAKE_AT_ONCE
from worker.runtime.engine import Engine
from worker.settings import Settings

BUSY: Final = "C0BUSY000PIXEL000000"
QUIET: Final = "C0QUIET00PIXEL000000"
BACKLOG: Final = 40
"""Requests; fewer than there are threads, so that there is always room for one more."""

THREADS: Final = 64


@pytest.fixture
def engine(redis_url: str, fake_api: Any) -> Iterator[Engine]:
    """A worker process that sends every event by itself."""
    settings = Settings.load(
        {},
        redis_url=redis_url,
        api_url=fake_api.url,
        access_token="token",
        batch_events=1,
        max_in_flight=THREADS,
        posting_threads=THREADS,
    )
    with closing(Engine(settings)) as made:
        yield made


def test_a_backlog_does_not_keep_the_loop_from_who_is_due(
    redis_url: str, fake_api: Any, engine: Engine
) -> None:
    """Who was due but not among the first taken is next, not last.

    Requests overtake each other on their way, so the middle is the line between the two.
    """
    with Client(redis_url, linger_ms=0) as client:
        for number in range(BACKLOG):
            client.track(pageview(f"busy-{number}", BUSY))
        for number in range(TAKE_AT_ONCE - 1):
            client.track(pageview("other", f"C0OTHER00PIXEL{number:06}"))
        client.track(pageview("quiet", QUIET))
    engine.drain()
    order = [request.source_id for request in fake_api.accepted()]
    assert len(order) == BACKLOG + TAKE_AT_ONCE
    assert order.index(QUIET) < len(order) / 2 + TAKE_AT_ONCE / 2

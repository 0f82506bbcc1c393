"""An event that makes the API fail, whatever it travels with: it harms only itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.events import purchase
from tests.builders.stores import keys
from tests.builders.wait import wait_until
from tiktok_events import Client

PIXEL: Final = "C0CULPRIT0PIXEL00000"
CULPRIT: Final = "ord-137"
EVENTS: Final = 300
FAST: Final = {"RETRY_BASE_S": "0.01", "RETRY_CAP_S": "0.02", "BATCH_EVENTS": "100"}


def _purchase(number: int) -> dict[str, Any]:
    return purchase(f"ord-{number}", user={"external_id": f"customer-{number}"})


def _overloaded(request: Any) -> Any:
    if CULPRIT in request.ids:
        return 200, {}, {"code": 50002, "message": "Service temporarily unavailable."}
    return 200, {}, {"code": 0, "message": "OK", "request_id": "r", "data": {}}


def _breaks(request: Any) -> Any:
    if CULPRIT in request.ids:
        raise ConnectionResetError
    return 200, {}, {"code": 0, "message": "OK", "request_id": "r", "data": {}}


@pytest.mark.parametrize("answer", [_overloaded, _breaks])
def test_an_event_that_makes_the_api_fail_does_not_hold_up_the_others(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Callable[..., Any], answer: Any
) -> None:
    """Those beside it are delivered, and those that come later."""
    fake_api.answers[PIXEL] = answer
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track_many(_purchase(number) for number in range(EVENTS))
    start_worker(**FAST)
    others = {f"ord-{number}" for number in range(EVENTS)} - {CULPRIT}
    wait_until(lambda: _accepted(fake_api) == others, 60)
    with Client(redis_url, event_source_id=PIXEL) as client:
        for number in range(EVENTS, EVENTS + 20):
            others.add(client.track(_purchase(number)))
            wait_until(lambda: _accepted(fake_api) == others)
    # The last one is accepted a moment before its claim is settled.
    wait_until(lambda: redis.hget(keys.state(f"web:{PIXEL}"), "waiting") == b"1")


def _accepted(fake_api: Any) -> set[str]:
    return {one for request in fake_api.accepted() for one in request.ids}

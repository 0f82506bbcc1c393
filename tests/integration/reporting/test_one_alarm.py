"""A token that is revoked under many requests: one log line and one report, not one per request."""

from __future__ import annotations

import itertools
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import sentry_sdk
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.sentry import Collector
from tests.builders.stores import keys
from tiktok_events import Client
from worker.reporting.sentry import SILENCE_S, init_sentry
from worker.runtime.engine import Engine
from worker.settings import Settings

PIXEL: Final = "C0ALARM00PIXEL000000"
EVENT: Final[dict[str, Any]] = {
    "event": "Purchase",
    "user": {"email": "jo@example.com"},
    "page": {"url": "https://shop.example/"},
}
AT_ONCE: Final = 8
MEET_S: Final = 20.0


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Sentry without a network, on a clock so fast that nothing counts as said lately."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the SDK replaces it
    collector = Collector()
    hours = itertools.count(step=2 * SILENCE_S)
    settings = Settings.load({}, sentry_dsn="https://key@sentry.invalid/1")
    assert init_sentry(settings, transport=collector, clock=lambda: next(hours))
    yield collector
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def engine(redis_url: str, serve: Any) -> Iterator[Callable[[dict[str, Any]], Engine]]:
    """Makes an engine whose API gives one answer to all requests, when all of them have come."""
    made: list[Engine] = []

    def make(answer: dict[str, Any]) -> Engine:
        all_here = threading.Barrier(AT_ONCE)

        def reply(connection: socket.socket) -> None:
            all_here.wait(MEET_S)
            connection.sendall(_response(answer))

        settings = Settings.load(
            {},
            redis_url=redis_url,
            api_url=serve(reply).url,
            access_token="token",
            batch_events=1,
            max_in_flight=AT_ONCE,
        )
        made.append(Engine(settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _response(answer: dict[str, Any]) -> bytes:
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def test_a_revoked_token_is_told_once(
    redis: Redis, redis_url: str, engine: Any, sentry: Collector
) -> None:
    """Eight requests are refused, the destination is parked, and one of them says so."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        for _ in range(AT_ONCE):
            client.track(EVENT)
    with capture_logs() as logs:
        engine({"code": 40105, "message": "Access token has been revoked."}).drain()
    assert Counter(line["event"] for line in logs) == {"attempt": AT_ONCE, "parked": 1}
    assert sentry.tags() == [
        {"verdict": "credential", "code": "40105", "destination": f"web:{PIXEL}"}
    ]
    assert redis.hkeys(keys.parked) == [f"web:{PIXEL}".encode()]

"""An incident over all workers: one line, one call of the webhook, and the same when it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.loopback_server import Handler, LoopbackServer
from tests.builders.stores import installation_keys
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client

PIXEL: Final = "C0ALERT00PIXEL000000"
AN_AGE_S: Final = 365 * 86_400
DYING: Final = 5


class _Handler(Handler):
    def answer(self, body: bytes) -> None:
        self.server_of_test.told.append(json.loads(body))
        self.respond(204, b"")


class Webhook(LoopbackServer):
    """Keeps what it is told."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alerts"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A local receiver."""
    with Webhook() as receiver:
        yield receiver


def lines(workers: list[Worker], event: str) -> list[dict[str, Any]]:
    """The log lines of all workers about one thing."""
    return [line for worker in workers for line in worker.lines(event)]


def die(redis_url: str, count: int) -> None:
    """Track events that are too old to be sent."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        client.track_many(
            {
                "event": "Purchase",
                "event_time": int(time.time()) - AN_AGE_S,
                "user": {"email": "jo@example.com"},
                "page": {"url": "https://shop.example/"},
            }
            for _ in range(count)
        )


def test_an_incident_is_told_once_and_its_end_too(
    redis: Redis, redis_url: str, start_worker: Any, webhook: Webhook
) -> None:
    """Two workers look; one of them announces."""
    alert = {
        "ALERT_DEAD_PER_MINUTE": "3",
        "LOG_FORMAT": "json",
        "WEBHOOK": webhook.url,
        "WEBHOOK_SECRET": "whsec_" + "c2VjcmV0" * 4,
    }
    workers = [start_worker(1, **alert) for _ in range(2)]
    wait_until(lambda: redis.exists(installation_keys.deaths))
    die(redis_url, DYING)
    wait_until(lambda: webhook.told)
    assert [one["type"] for one in webhook.told] == ["alert.begun"]
    assert webhook.told[0]["data"]["value"] == DYING

    # A minute in which nothing died, and another one.
    redis.delete(installation_keys.deaths)
    begun_ms = round(webhook.told[0]["data"]["since"] * 1000)
    redis.hset(
        installation_keys.alerts, "dead_per_minute", f"{begun_ms} {begun_ms - 60_000} {DYING}"
    )
    wait_until(lambda: len(webhook.told) > 1)
    for worker in workers:
        worker.kill()
    (over,) = webhook.told[1:]
    assert (over["type"], over["data"]["peak"]) == ("alert.over", DYING)
    assert [line["value"] for line in lines(workers, "alert")] == [DYING]
    assert len(lines(workers, "alert_over")) == 1
    assert lines(workers, "webhook_failed") == []

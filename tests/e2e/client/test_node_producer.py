"""A producer in Node.js, with nothing of ours and no Celery: the example of the documentation."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.wait import wait_until
from worker.local.embedded import EmbeddedServer

EXAMPLE: Final = Path(__file__).parents[3] / "examples/node/track.mjs"
NODE: Final = shutil.which("node")
PIXEL: Final = "C0NODE0PIXEL00000000"

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def run_node(redis_url: str, *lines: str) -> subprocess.CompletedProcess[str]:
    """Give the example some lines."""
    return subprocess.run(
        [str(NODE), EXAMPLE],
        input="".join(f"{line}\n" for line in lines),
        env={**os.environ, "TIKTOK_EVENTS_REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def purchase(**changes: Any) -> str:
    """A purchase as one line."""
    event = {
        "event": "Purchase",
        "event_source_id": PIXEL,
        "user": {"email": [" Jo.Doe@Example.com"], "external_id": "Customer 7", "ttclid": "E.C.P."},
        "properties": {"value": 59.98, "currency": "EUR", "description": "Tasse ☕"},
        "page": {"url": "https://shop.example/thanks"},
        **changes,
    }
    return json.dumps(event, ensure_ascii=False)


def events(fake_api: Any) -> list[Any]:
    """What the API has accepted."""
    return [event for request in fake_api.accepted(PIXEL) for event in request.document["data"]]


def digest(text: str) -> str:
    """As TikTok wants it."""
    return sha256(text.encode()).hexdigest()


def test_events_from_node_are_delivered(redis_url: str, fake_api: Any, start_worker: Any) -> None:
    """With the ids that it printed, the time it filled in, and digests as Python makes them."""
    event_time = int(time.time()) - 60
    start_worker()
    ended = run_node(redis_url, purchase(event_id="ord-1", event_time=event_time), purchase())
    assert (ended.returncode, ended.stderr) == (0, "")
    wait_until(lambda: len(events(fake_api)) == 2)
    arrived = {event["event_id"]: event for event in events(fake_api)}
    assert arrived.keys() == set(ended.stdout.split())
    assert arrived["ord-1"] == {
        "event": "Purchase",
        "event_id": "ord-1",
        "event_time": event_time,
        "user": {
            "email": [digest("jo.doe@example.com")],
            "external_id": digest("Customer 7"),
            "ttclid": "E.C.P.",
        },
        "properties": {"value": 59.98, "currency": "EUR", "description": "Tasse ☕"},
        "page": {"url": "https://shop.example/thanks"},
    }


def test_no_raw_address_stands_in_redis(redis: Redis, redis_url: str) -> None:
    """Node hashed it before it wrote the message."""
    run_node(redis_url, purchase())
    [message] = redis.lrange("tiktok_events:celery:tiktok_events", 0, -1)
    [[event], _, _] = json.loads(base64.b64decode(json.loads(message)["body"]))
    assert event["user"]["email"] == [digest("jo.doe@example.com")]
    assert "Doe" not in json.dumps(event)


def test_a_refusal_of_redis_is_an_error() -> None:
    """A full server takes no event, so there is no id to print."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("maxmemory", 1)
        ended = run_node(server.url, purchase())
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Redis: OOM ")


def test_no_server_is_an_error() -> None:
    """So that the caller knows that nothing was handed over."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    ended = run_node(f"redis://127.0.0.1:{port}/0", purchase())
    assert (1, f"connect ECONNREFUSED 127.0.0.1:{port}\n") == (ended.returncode, ended.stderr)


def test_a_line_that_is_no_json_is_not_repeated(redis_url: str) -> None:
    """It may hold a person's address."""
    ended = run_node(redis_url, "jo.doe@example.com")
    assert (ended.returncode, ended.stderr) == (1, "a line is not JSON\n")

"""Three users who may do no more than their work needs, at work on a real server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.counters import counters
from tests.builders.environment import environment
from tests.builders.stores import keys
from tests.builders.users import set_user
from tests.builders.wait import wait_until
from tiktok_events import AsyncClient, Client
from worker.cli.doctor.access import Role, access_of

EVENT: Any = {
    "event": "Purchase",
    "event_source_id": "C0PIXEL",
    "user": {"email": "jo@x.example"},
    "properties": {"value": 59.98, "currency": "EUR"},
    "page": {"url": "https://shop.example/thanks"},
}
BAD: Any = EVENT | {"event_time": 1}

COMMANDS = (
    "status --json",
    "doctor --role operator --json",
    "dead list --json",
    "dead stats --json",
    "dead export --output {directory}/letters.ndjson",
    "dead edit --all --set properties.value=3 --yes --json",
    "dead replay --all --yes --detach --json",
    "replays list --json",
    "dead purge --all --yes --json",
    "dead import {directory}/letters.ndjson --yes --json",
    "destinations list --json",
    "destinations park web:C0OTHER",
    "destinations resume web:C0OTHER",
    "erase --email jo@x.example --yes --json",
    "audit --json",
    "send {directory}/events.ndjson",
)


@pytest.fixture
def url_of(redis: Redis, redis_url: str) -> Iterator[Callable[[Role], str]]:
    """The URL of each user; nothing was denied to any of them in the end."""
    for role in Role:
        set_user(redis, role, access_of(role).rules)
    redis.acl_log_reset()
    yield lambda role: redis_url.replace("redis://", f"redis://{role}:secret@")
    denied = [(one["username"], one["reason"], one["object"]) for one in redis.acl_log(128)]
    for role in Role:
        redis.acl_deluser(role)
    assert denied == []


def test_each_does_its_work_and_is_denied_nothing(
    url_of: Callable[[Role], str], start_worker: Any, redis: Redis, tmp_path: Any
) -> None:
    """Track, hold, cancel, deliver, die, repair, replay, purge, park, erase, end."""
    produce(url_of(Role.PRODUCER))
    worker = start_worker(REDIS_URL=url_of(Role.WORKER))
    wait_until(lambda: counters(redis).get("delivered", 0) >= 2)
    wait_until(lambda: redis.hlen(keys.dead) == 1)
    (tmp_path / "events.ndjson").write_bytes(orjson.dumps(EVENT))
    failed = {}
    for command in COMMANDS:
        done = operate(url_of(Role.OPERATOR), command.format(directory=tmp_path))
        told = done.stdout + done.stderr
        if done.returncode not in {0, 1} or "permission" in told or "Traceback" in told:
            failed[command] = told
    assert failed == {}
    assert worker.terminate() == 0


def produce(url: str) -> None:
    """All that a producer does."""
    with Client(url, durability="fsync") as client:
        client.track(EVENT)
        client.track_many([BAD])
        delayed = client.track(EVENT, delay=60)
        assert client.cancel(delayed, event_source_id="C0PIXEL")
        client.track(EVENT, delay=0.01)

    async def track() -> None:
        async with AsyncClient(url) as client:
            await client.track(EVENT)

    asyncio.run(track())


def operate(url: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the operator."""
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", *command.split()],
        env=environment({"REDIS_URL": url, "ACCESS_TOKEN": "T"}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

"""A worker that is told to end while requests hang ends all the same, and nothing is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.events import purchase
from tests.builders.stores import keys
from tests.builders.wait import wait_until
from tiktok_events import Client
from tiktok_events_sandbox import Sandbox

EVENTS = 30
ORCHESTRATOR_S = 10.0
"""What container runtimes wait by default between SIGTERM and SIGKILL."""

LEASE_S = "16"
"""About the least that the default time-out of a request allows."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An API whose answers to the first requests never come."""
    with Sandbox() as sandbox:
        sandbox.rule({"kind": "hang"}, name="hang")
        yield sandbox


@pytest.fixture
def hanging(redis_url: str, sandbox: Sandbox, start_worker: Callable[..., Any]) -> Any:
    """A worker whose requests hang, with the default time-out."""
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        client.track_many([purchase(f"order-{number}") for number in range(EVENTS)])
    worker = start_worker(API_URL=sandbox.url, LEASE_S=LEASE_S)
    wait_until(lambda: sandbox.report().requests)
    return worker


@pytest.mark.parametrize("group", [False, True], ids=["main process", "whole group"])
def test_a_worker_with_hanging_requests_ends_in_time(
    *, group: bool, hanging: Any, sandbox: Sandbox, redis: Redis, start_worker: Callable[..., Any]
) -> None:
    """Before it would be killed, and by itself; what hung is delivered after its lease."""
    assert hanging.terminate(group=group, within_s=ORCHESTRATOR_S) == 0
    sandbox.remove_rule("hang")
    start_worker(API_URL=sandbox.url, LEASE_S=LEASE_S)
    wait_until(lambda: sandbox.report().distinct == EVENTS, 40.0)
    wait_until(lambda: redis.hget(keys.counters, "delivered") == str(EVENTS).encode())


@pytest.mark.parametrize("group", [False, True], ids=["main process", "whole group"])
def test_a_second_signal_ends_a_worker_at_once(*, group: bool, hanging: Any) -> None:
    """No process of it is left, though its requests hang; the signal is its exit status."""
    hanging.signal(group=group)
    wait_until(lambda: "Warm shutdown" in hanging.log())
    assert hanging.terminate(group=group) == -signal.SIGTERM

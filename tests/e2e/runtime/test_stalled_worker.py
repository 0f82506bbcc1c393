"""A worker that stands still: a stuck pool process is replaced, a stuck worker ends itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis

from tests.builders.wait import wait_until
from tiktok_events import Client

SHORTEST = {"LEASE_S": "6", "REQUEST_TIMEOUT_S": "0.9", "STALL_S": "12"}


def _children(pid: int) -> list[int]:
    """The pool processes of a worker."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_a_worker_that_stands_still_ends_itself(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """It says so, with the place where it stood; its successor delivers."""
    worker = start_worker(concurrency=1, **SHORTEST)
    wait_until(lambda: "worker_ready" in worker.log())
    for child in _children(worker.pid):
        os.kill(child, signal.SIGSTOP)
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        client.track(
            {
                "event": "Purchase",
                "event_id": "order-1",
                "user": {"external_id": "u"},
                "page": {"url": "https://shop.example/thanks"},
            }
        )
    assert worker.wait() == 70
    assert "stalled" in worker.log()
    assert "Current thread" in worker.log()
    start_worker(concurrency=1, **SHORTEST)
    wait_until(lambda: [request.ids for request in fake_api.accepted()] == [["order-1"]])

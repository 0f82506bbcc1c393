"""Huey: one message and one request per event; a message is gone once a worker has taken it."""

from __future__ import annotations

from typing import Any

from huey import RedisHuey

from bench.designs.plain.api import MAX_RETRIES, REDIS_URL, one_by_one
from bench.designs.plain.event import request_body
from bench.designs.plain.posting import post

RETRY_S = 2

huey = RedisHuey("events", url=REDIS_URL, results=False)


@huey.task(retries=MAX_RETRIES, retry_delay=RETRY_S)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    post(request_body(event))


enqueue = one_by_one(send)

"""Dramatiq: one message and one request per event, in the worker's default of eight threads."""

from __future__ import annotations

from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.designs.plain.api import MAX_RETRIES, REDIS_URL, one_by_one
from bench.designs.plain.event import request_body
from bench.designs.plain.posting import post

dramatiq.set_broker(RedisBroker(url=REDIS_URL))


@dramatiq.actor(max_retries=MAX_RETRIES)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event; acknowledged afterwards, retried on any error."""
    post(request_body(event))


enqueue = one_by_one(send.send)

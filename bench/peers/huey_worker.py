"""Huey: one message and one request per event; a message is gone once a worker has taken it."""

from __future__ import annotations

from functools import cache
from typing import Any

import requests
from huey import RedisHuey
from plain_api import HEADERS, MAX_RETRIES, REDIS_URL, TIMEOUT_S, TRACK_URL, check
from plain_event import request_body

RETRY_S = 2

huey = RedisHuey("events", url=REDIS_URL, results=False)


@cache
def session() -> requests.Session:
    """Return the session of this process, made after the fork."""
    return requests.Session()


@huey.task(retries=MAX_RETRIES, retry_delay=RETRY_S)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    answer = session().post(TRACK_URL, json=request_body(event), headers=HEADERS, timeout=TIMEOUT_S)
    check(answer.json())


def enqueue(events: list[dict[str, Any]]) -> None:
    """One message per event."""
    for event in events:
        send(event)

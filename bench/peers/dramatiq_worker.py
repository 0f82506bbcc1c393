"""Dramatiq: one message and one request per event, in the worker's default of eight threads."""

from __future__ import annotations

from threading import local
from typing import Any

import dramatiq
import requests
from dramatiq.brokers.redis import RedisBroker
from plain_api import HEADERS, MAX_RETRIES, REDIS_URL, TIMEOUT_S, TRACK_URL, check
from plain_event import request_body

dramatiq.set_broker(RedisBroker(url=REDIS_URL))
of_this_thread = local()


def session() -> requests.Session:
    """Return the session of this thread."""
    if not hasattr(of_this_thread, "session"):
        of_this_thread.session = requests.Session()
    found: requests.Session = of_this_thread.session
    return found


@dramatiq.actor(max_retries=MAX_RETRIES)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event; acknowledged afterwards, retried on any error."""
    answer = session().post(TRACK_URL, json=request_body(event), headers=HEADERS, timeout=TIMEOUT_S)
    check(answer.json())


def enqueue(events: list[dict[str, Any]]) -> None:
    """One message per event."""
    for event in events:
        send.send(event)

"""The usual design: one Celery task and one request per event.

Written as a careful developer writes it the first time: the schema is made once, late
acknowledgement, a time-out, a retry with back-off on errors, success read from the body.
With ``NAIVE_SESSION=1`` each worker process keeps one `requests.Session`, otherwise each event
opens its own connection.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import requests
from celery import Celery
from plain_api import HEADERS, MAX_RETRIES, REDIS_URL, TIMEOUT_S, TRACK_URL, RefusedError, check
from plain_event import request_body

app = Celery("naive", broker=REDIS_URL)
app.conf.update(task_ignore_result=True, task_acks_late=True)


@cache
def session() -> requests.Session:
    """Return the session of this process, made after the fork."""
    return requests.Session()


def post(body: dict[str, Any]) -> None:
    """Send one request.

    Raises:
        RefusedError: the API refused it.
        requests.RequestException: it gave no answer.
    """
    sender = session() if os.environ.get("NAIVE_SESSION") else requests
    answer = sender.post(TRACK_URL, json=body, headers=HEADERS, timeout=TIMEOUT_S)
    check(answer.json())


@app.task(
    name="naive.send",
    autoretry_for=(requests.RequestException, RefusedError),
    retry_backoff=True,
    max_retries=MAX_RETRIES,
)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    post(request_body(event))


def enqueue(events: list[dict[str, Any]]) -> None:
    """One message per event."""
    for event in events:
        send.delay(event)

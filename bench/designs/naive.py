"""The usual design: one Celery task and one request per event.

Written as a careful developer writes it the first time: the schema is made once, late
acknowledgement, a time-out, a retry with back-off on errors, success read from the body.
With ``NAIVE_SESSION=1`` each worker process keeps one `requests.Session`, otherwise each event
opens its own connection.
"""

from __future__ import annotations

import os
from typing import Any

import requests
from celery import Celery

from bench.designs.plain.api import MAX_RETRIES, REDIS_URL, RefusedError, one_by_one
from bench.designs.plain.event import request_body
from bench.designs.plain.posting import post

KEEP_CONNECTIONS = bool(os.environ.get("NAIVE_SESSION"))

app = Celery("naive", broker=REDIS_URL)
app.conf.update(task_ignore_result=True, task_acks_late=True)


@app.task(
    name="naive.send",
    autoretry_for=(requests.RequestException, RefusedError),
    retry_backoff=True,
    max_retries=MAX_RETRIES,
)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    post(request_body(event), keep_connections=KEEP_CONNECTIONS)


enqueue = one_by_one(send.delay)

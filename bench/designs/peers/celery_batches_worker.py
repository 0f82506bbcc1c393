"""celery-batches: Celery hands the task up to 1,000 messages at a time, and at least every second.

All messages of a batch are acknowledged together, after it. What the API refuses is enqueued
again, event by event, because the library has no retry for a part of a batch.
"""

from __future__ import annotations

import logging
from typing import Any

import requests
from celery import Celery
from celery_batches import Batches, SimpleRequest
from marshmallow import ValidationError

from bench.designs.plain.api import REDIS_URL, RefusedError, one_by_one
from bench.designs.plain.event import DESTINATION, prepared, request_bodies
from bench.designs.plain.posting import post

FLUSH_EVERY = 1_000
FLUSH_INTERVAL_S = 1

log = logging.getLogger(__name__)

app = Celery("celery_batches_worker", broker=REDIS_URL)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    # A batch cannot have more messages than the worker may take in advance.
    worker_prefetch_multiplier=FLUSH_EVERY,
)


def valid(requests_: list[SimpleRequest]) -> list[dict[str, Any]]:
    """Return the events that the API can take; the others are logged without their content."""
    events = []
    for request in requests_:
        try:
            events.append(prepared(request.args[0]))
        except ValidationError:
            log.exception("refused %s", request.id)
    return events


def post_or_enqueue(body: dict[str, Any]) -> None:
    """Send a request; enqueue its events again if it fails."""
    try:
        post(body)
    except (requests.RequestException, RefusedError):
        log.exception("enqueued again")
        destination = {key: body[key] for key in DESTINATION if key in body}
        enqueue([{**destination, **event} for event in body["data"]])


@app.task(
    name="celery_batches.send",
    base=Batches,
    flush_every=FLUSH_EVERY,
    flush_interval=FLUSH_INTERVAL_S,
)
def send(requests_: list[SimpleRequest]) -> None:
    """Hash, validate and send the events of many messages."""
    for body in request_bodies(valid(requests_)):
        post_or_enqueue(body)


enqueue = one_by_one(send.delay)

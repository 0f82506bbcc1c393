"""Where the usual designs send to, and how they read the answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

REDIS_URL = os.environ["PEER_REDIS_URL"]
API_URL = os.environ["PEER_API_URL"]
TOKEN = os.environ["PEER_ACCESS_TOKEN"]
TRACK_URL = API_URL + "/open_api/v1.3/event/track/"
HEADERS = {"Access-Token": TOKEN}
CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10
TIMEOUT_S = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
MAX_RETRIES = 5


class RefusedError(Exception):
    """The API did not say ``code: 0``."""


def check(answer: dict[str, Any]) -> None:
    """Raise ``RefusedError`` unless the body says that all was taken."""
    if answer["code"] != 0:
        raise RefusedError


def one_by_one(enqueue_one: Callable[[dict[str, Any]], object]) -> Callable[..., None]:
    """Return what enqueues a list of events: one message per event."""

    def enqueue(events: list[dict[str, Any]]) -> None:
        for event in events:
            enqueue_one(event)

    return enqueue

"""Where the usual designs send to, and how they read the answer.

It runs in the environments of the peers, so it imports nothing of ours.
"""

from __future__ import annotations

import os
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

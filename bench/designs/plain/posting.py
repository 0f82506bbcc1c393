"""How the usual designs post from threads and processes: with connections that are kept."""

from __future__ import annotations

from threading import local
from typing import Any

import requests

from bench.designs.plain.api import HEADERS, TIMEOUT_S, TRACK_URL, check

of_this_thread = local()


def session() -> requests.Session:
    """Return the session of this thread, made after the fork."""
    if not hasattr(of_this_thread, "session"):
        of_this_thread.session = requests.Session()
    found: requests.Session = of_this_thread.session
    return found


def post(body: dict[str, Any], *, keep_connections: bool = True) -> None:
    """Send one request.

    Raises:
        RefusedError: the API refused it.
        requests.RequestException: it gave no answer.
    """
    sender = session() if keep_connections else requests
    answer = sender.post(TRACK_URL, json=body, headers=HEADERS, timeout=TIMEOUT_S)
    check(answer.json())

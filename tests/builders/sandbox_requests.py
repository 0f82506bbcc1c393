"""Requests to the sandbox, as a sender makes them."""

from __future__ import annotations

import socket
from typing import Any

import requests

from tiktok_events_sandbox import Sandbox

PATH = "/open_api/v1.3/event/track/"


def body(*numbers: int) -> dict[str, Any]:
    """Return a request body with events of these numbers."""
    events = [
        {
            "event": "Purchase",
            "event_time": 1_767_225_600,
            "event_id": f"ord-{number}",
            "page": {"url": "https://shop.example/"},
        }
        for number in numbers
    ]
    return {"event_source": "web", "event_source_id": "PIXEL1", "data": events}


def post(sandbox: Sandbox, session: requests.Session, *numbers: int) -> requests.Response:
    """Send events as one request."""
    return session.post(
        sandbox.url + PATH, json=body(*numbers or (1,)), timeout=10, allow_redirects=False
    )


def raw_until_closed(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes, say that no more follow, and return the answer."""
    with socket.create_connection((sandbox.host, sandbox.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))

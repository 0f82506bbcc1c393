"""Answers as bytes, and the client that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from worker.delivery.events_api import EventsApi

TIMEOUT_S = 0.6
BODY = b'{"event_source":"web","event_source_id":"PIXEL1","data":[]}'
SUCCESS = b'{"code":0,"message":"OK","request_id":"r1"}'


def answer(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer that keeps its connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


Serve = Callable[..., Any]
"""Starts a server of bytes: see `conftest.py`."""


def api(url: str, timeout_s: float = TIMEOUT_S) -> EventsApi:
    """The client under test."""
    return EventsApi(url, timeout_s=timeout_s)

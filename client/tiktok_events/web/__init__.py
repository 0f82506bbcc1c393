"""The web side of a conversion: what the request tells, kept for who has agreed.

Works on WSGI environs and ASGI scopes.
"""

from __future__ import annotations

from tiktok_events.web.asgi import ASGIMiddleware
from tiktok_events.web.capture import Capture, capture, current_capture, with_capture
from tiktok_events.web.settings import Setup, WebSettings
from tiktok_events.web.wsgi import WSGIMiddleware

__all__ = [
    "ASGIMiddleware",
    "Capture",
    "Setup",
    "WSGIMiddleware",
    "WebSettings",
    "capture",
    "current_capture",
    "with_capture",
]

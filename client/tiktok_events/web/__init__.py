"""The web side of a conversion: what the request tells, and the Pixel's half of the report.

Works on WSGI environs and ASGI scopes; frameworks are imported by their own modules only:
``tiktok_events.web.django``, ``.flask``, ``.starlette`` (FastAPI too) and ``.jinja``.

Imports the settings, `event` and the errors; nothing else of the client imports it.
"""

from __future__ import annotations

from tiktok_events.web.asgi import ASGIMiddleware
from tiktok_events.web.capture import Capture, capture, current_capture, with_capture
from tiktok_events.web.pixel import (
    PairedEvent,
    chosen_setup,
    pair,
    pixel_event,
    pixel_script,
)
from tiktok_events.web.script_text import ScriptText
from tiktok_events.web.settings import Setup, WebSettings
from tiktok_events.web.wsgi import WSGIMiddleware

__all__ = [
    "ASGIMiddleware",
    "Capture",
    "PairedEvent",
    "ScriptText",
    "Setup",
    "WSGIMiddleware",
    "WebSettings",
    "capture",
    "chosen_setup",
    "current_capture",
    "pair",
    "pixel_event",
    "pixel_script",
    "with_capture",
]

"""The web side of a conversion: what its request tells, and what the Pixel reports of it.

Works on WSGI environs and ASGI scopes; frameworks are imported by their own modules only:
``tiktok_events.web.django``, ``.flask``, ``.starlette`` (FastAPI too) and ``.jinja``.

Imports the clients and what stands below them; nothing else of the client imports it.
"""

from __future__ import annotations

from tiktok_events.web.asgi import ASGIMiddleware
from tiktok_events.web.base_code import base_code, consent_script
from tiktok_events.web.capture import Capture, capture
from tiktok_events.web.faults import faulty_events
from tiktok_events.web.pixel import pixel_event, pixel_script
from tiktok_events.web.report import Answer, Report
from tiktok_events.web.script_text import ScriptText
from tiktok_events.web.settings import Setup, WebSettings
from tiktok_events.web.visit import Visit, current_visit, visit_of, with_capture
from tiktok_events.web.web_events import AsyncWebEvents, WebEvents
from tiktok_events.web.wsgi import WSGIMiddleware

__all__ = [
    "ASGIMiddleware",
    "Answer",
    "AsyncWebEvents",
    "Capture",
    "Report",
    "ScriptText",
    "Setup",
    "Visit",
    "WSGIMiddleware",
    "WebEvents",
    "WebSettings",
    "base_code",
    "capture",
    "consent_script",
    "current_visit",
    "faulty_events",
    "pixel_event",
    "pixel_script",
    "visit_of",
    "with_capture",
]

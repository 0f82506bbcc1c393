"""The web side of a conversion: what the request tells.

Works on WSGI environs and ASGI scopes.
"""

from __future__ import annotations

from tiktok_events.web.capture import Capture, capture, current_capture, with_capture
from tiktok_events.web.settings import Setup, WebSettings

__all__ = ["Capture", "Setup", "WebSettings", "capture", "current_capture", "with_capture"]

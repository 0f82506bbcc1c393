"""``{% load tiktok_events %}{% tiktok_pixel event %}`` in a template."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from tiktok_events.web.pixel import pixel_script
from tiktok_events.web.script_text import ScriptText

register = template.Library()


def tiktok_pixel(event: Any, nonce: str | None = None) -> ScriptText:
    """The script that lets the Pixel report an event, under the set-up of the settings."""
    setup = getattr(settings, "TIKTOK_EVENTS", {}).get("SETUP")
    return pixel_script(event, nonce=nonce, setup=setup)


register.simple_tag(tiktok_pixel)

"""``{% load tiktok_events %}``, then ``{% tiktok_base_code %}`` and ``{% tiktok_pixel … %}``."""

from __future__ import annotations

from django import template

from tiktok_events.web.base_code import base_code, consent_script
from tiktok_events.web.pixel import pixel_script

register = template.Library()
register.simple_tag(base_code, name="tiktok_base_code")
register.simple_tag(consent_script, name="tiktok_consent")
register.simple_tag(pixel_script, name="tiktok_pixel")

"""Jinja: ``{{ tiktok_base_code() }}`` and ``{{ tiktok_pixel(report.pixel) }}`` in a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import Environment
from jinja2.ext import Extension

from tiktok_events.web.base_code import base_code, consent_script
from tiktok_events.web.pixel import pixel_script

GLOBALS: Final[Mapping[str, Callable[..., Any]]] = {
    "tiktok_base_code": base_code,
    "tiktok_consent": consent_script,
    "tiktok_pixel": pixel_script,
}


class PixelExtension(Extension):
    """Gives templates ``tiktok_base_code()``, ``tiktok_pixel(report.pixel)``, ``tiktok_consent()``.

    Example:
        >>> Environment(extensions=[PixelExtension])  # doctest: +SKIP
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(GLOBALS)

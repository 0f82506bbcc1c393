"""Jinja: ``{{ tiktok_pixel(event) }}`` in a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import Environment
from jinja2.ext import Extension

from tiktok_events.web.pixel import pixel_script

GLOBALS: Final[Mapping[str, Callable[..., Any]]] = {"tiktok_pixel": pixel_script}


class PixelExtension(Extension):
    """Gives templates ``tiktok_pixel(event, nonce=…)``.

    Example:
        >>> Environment(extensions=[PixelExtension])  # doctest: +SKIP
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(GLOBALS)

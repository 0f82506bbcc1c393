"""Read the Django setting ``TIKTOK_EVENTS``: settings of every client, and the consent callable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from tiktok_events.web.look import Answer
from tiktok_events.web.settings import WebSettings

CONSENT: Final = "CONSENT"
_KNOWN: Final = {one.name.upper() for one in fields(WebSettings)} | {CONSENT}


def django_settings() -> Mapping[str, Any]:
    """Return settings from Django, by lower-case name; they take precedence over the environment.

    Raises:
        ImproperlyConfigured: a name is that of no setting.
    """
    options = dict(getattr(settings, "TIKTOK_EVENTS", {}))
    if unknown := sorted(set(options) - _KNOWN):
        raise ImproperlyConfigured(
            f"TIKTOK_EVENTS has no {', '.join(unknown)}; there is {', '.join(sorted(_KNOWN))}"
        )
    return {name.lower(): value for name, value in options.items() if name != CONSENT}


def load_options() -> tuple[Callable[[Any], Answer], WebSettings]:
    """Return the consent callable and the settings.

    Raises:
        ImproperlyConfigured: ``CONSENT`` is missing, or a name is that of no setting.
        InvalidSetting: a setting has a value that is not allowed.
    """
    given = django_settings()
    consent = getattr(settings, "TIKTOK_EVENTS", {}).get(CONSENT)
    if consent is None:
        raise ImproperlyConfigured(
            'TIKTOK_EVENTS needs "CONSENT": a callable, or the dotted path of one, that takes a '
            "request and returns whether the visitor has agreed, or a Policy"
        )
    callable_ = import_string(consent) if isinstance(consent, str) else consent
    return callable_, WebSettings.load(**given)

"""The application that ``INSTALLED_APPS`` needs to find the template tags."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from tiktok_events.settings import configure
from tiktok_events.web.django.options import django_settings


class TikTokEventsConfig(AppConfig):  # type: ignore[misc]  # Django publishes no types
    """An application without models.

    Django makes it before it imports any model or view, so that every `Client()` of the process has
    Django's settings.
    """

    name = "tiktok_events.web.django"
    label = "tiktok_events"
    verbose_name = "TikTok events"

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        configure(django_settings)

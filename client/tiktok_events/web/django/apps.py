"""What ``INSTALLED_APPS`` needs to find the template tags."""

from __future__ import annotations

from django.apps import AppConfig


class TikTokEventsConfig(AppConfig):  # type: ignore[misc]  # Django publishes no types
    """An application without models."""

    name = "tiktok_events.web.django"
    label = "tiktok_events"
    verbose_name = "TikTok events"

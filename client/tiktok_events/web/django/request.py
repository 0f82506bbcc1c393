"""Django's request as a type checker should see it behind the middleware."""

from __future__ import annotations

from django.http import HttpRequest

from tiktok_events.web.visit import Visit


class VisitRequest(HttpRequest):  # type: ignore[misc]  # Django publishes no types
    """A request that `CaptureMiddleware` has seen; for annotations of views, nothing makes one.

    Attributes:
        tiktok_events: the visit.
    """

    tiktok_events: Visit

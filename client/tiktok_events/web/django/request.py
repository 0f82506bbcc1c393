"""The type of Django's request after the middleware, for type checkers."""

from __future__ import annotations

from django.http import HttpRequest

from tiktok_events.web.visit import Visit


class VisitRequest(HttpRequest):  # type: ignore[misc]  # Django publishes no types
    """The type of a request that `CaptureMiddleware` has seen, to annotate views; never created.

    Attributes:
        tiktok_events: the visit.
    """

    tiktok_events: Visit

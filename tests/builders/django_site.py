"""A site on Django, configured once for the process that imports this."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings as django_settings
from django.http import HttpResponse, JsonResponse
from django.urls import path

from tiktok_events.web import WebSettings, capture, current_visit, visit_of

SETTINGS = WebSettings.load({})


def agreed(cookies: Any) -> bool:
    """The visitor's answer, as the adapters below read it."""
    return bool(cookies.get("ads") == "yes")


def page(request: Any) -> HttpResponse:
    """A view of Django."""
    assert current_visit() == request.tiktok_events == visit_of(request)
    captured = request.tiktok_events.captured
    return JsonResponse({"adapter": captured, "capture": capture(request, SETTINGS)})


async def async_page(request: Any) -> HttpResponse:
    """An asynchronous one."""
    return page(request)


django_settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["tiktok_events.web.django"],
    MIDDLEWARE=["tiktok_events.web.django.middleware.CaptureMiddleware"],
    ROOT_URLCONF=(path("p", page), path("async/p", async_page)),
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    TIKTOK_EVENTS={"CONSENT": lambda request: agreed(request.COOKIES)},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
django.setup()

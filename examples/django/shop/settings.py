"""The least that Django needs, and what `tiktok_events` adds to it."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

DEBUG = True
SECRET_KEY = "for this example only"  # noqa: S105 — because it protects nothing
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "tiktok_events.web.django",
]
MIDDLEWARE = [
    "django.middleware.csrf.CsrfViewMiddleware",
    "tiktok_events.web.django.middleware.CaptureMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE.parents[1] / "static"]

TIKTOK_EVENTS = {"CONSENT": "shop.consent.may_advertise"}

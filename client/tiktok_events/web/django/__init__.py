"""Django: a middleware, and a library of template tags.

INSTALLED_APPS = […, "tiktok_events.web.django"]
MIDDLEWARE = […, "tiktok_events.web.django.middleware.CaptureMiddleware"]
TIKTOK_EVENTS = {"CONSENT": "shop.consent.may_advertise"}

Imports Django and the rest of `tiktok_events.web`.
"""

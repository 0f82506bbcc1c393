"""Read the parts of an event that the web request itself tells: match keys and the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from tiktok_events.web.click_id import arriving_click_id, kept_click_id, pixel_cookie
from tiktok_events.web.locale import preferred_locale
from tiktok_events.web.page import visited_pages
from tiktok_events.web.request import WebRequest, web_request
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.visitor_ip import visitor_ip

Capture: TypeAlias = dict[str, dict[str, str]]
"""The parts of an event that were captured: ``{"user": …, "page": …}``."""

USER_AGENT_CHARS: Final = 2_048
"""Honest user agents have a few hundred characters; longer ones are dropped: cut, they match
nobody.
"""


def capture(request: Any, settings: WebSettings | None = None) -> Capture:
    """Read what the request tells about the visitor and the page.

    Nothing that a visitor sends makes this raise; invalid parts are left out. It does not ask for
    consent: the middlewares do.

    Args:
        request: a WSGI environ, an ASGI scope, or a request of Django, Flask, Starlette
            or FastAPI.
        settings: default: those of the environment, read at each call.

    Returns:
        ``user`` with any of ``ttclid``, ``ttp``, ``ip``, ``user_agent`` and ``locale``, and
        ``page`` with any of ``url`` and ``referrer``.

    Raises:
        TypeError: ``request`` is none of these.
        InvalidSetting: a setting has a value that is not allowed.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """
    return capture_of(web_request(request), settings or WebSettings.load())


def capture_of(request: WebRequest, settings: WebSettings) -> Capture:
    """Return what `capture` does, for a request that has been read."""
    trusted, header = settings.trusted_proxies, settings.ip_header
    url, referrer = visited_pages(request, trusted, header)
    user = {
        "ttclid": arriving_click_id(request, url, referrer) or kept_click_id(request),
        "ttp": pixel_cookie(request),
        "ip": visitor_ip(request, trusted, header),
        "user_agent": _user_agent(request),
        "locale": preferred_locale(request.one("accept-language")),
    }
    return {"user": _present(user), "page": _present({"url": url, "referrer": referrer})}


def _user_agent(request: WebRequest) -> str | None:
    given = request.one("user-agent").strip()
    return given if given.isprintable() and len(given) <= USER_AGENT_CHARS else None


def _present(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}

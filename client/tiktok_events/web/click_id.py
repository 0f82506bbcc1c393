"""Read the click id that TikTok adds to the landing page's URL, and keep it in a cookie.

Source: https://business-api.tiktok.com/portal/docs?id=1771100879787009 and the order of places in
https://github.com/tiktok/gtm-template-eapi ``template.js`` (both read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tiktok_events.event.junk import is_junk
from tiktok_events.web.page import host_of
from tiktok_events.web.request import WebRequest

COOKIE: Final = "ttclid"
"""The name that TikTok's own server template uses, so that both read each other's cookie."""

PIXEL_COOKIE: Final = "_ttp"
COOKIE_AGE_S: Final = 30 * 24 * 3600

VALUE_CHARS: Final = 2_048
"""Click ids reach about 1,000 characters and are never cut; a browser keeps 4,096 in a cookie."""

_VALUE: Final = re.compile(rf"[!#$&-+\--:<-\[\]-~]{{1,{VALUE_CHARS}}}")
"""The characters a cookie can hold unencoded (RFC 6265, section 4.1.1), but the percent sign."""


@dataclass(frozen=True, slots=True)
class ClickIdCookie:
    """A change to the cookie, to be set by the response.

    Scripts can read the cookie: the Pixel and TikTok's tags read and write one of this name, and
    ``HttpOnly`` would shut them out. The cookie is no credential.

    Attributes:
        value: the click id; empty to remove the cookie.
        secure: whether it is sent over https only.
        domain: the domain whose hosts share it; ``None`` for this host only.
    """

    value: str = field(repr=False)
    secure: bool
    domain: str | None = None

    @property
    def age_s(self) -> int:
        """Return how many seconds after the click the browser keeps it."""
        return COOKIE_AGE_S if self.value else 0

    def header(self) -> str:
        """Return the value of ``Set-Cookie``."""
        parts = [f"{COOKIE}={self.value}", f"Max-Age={self.age_s}", "Path=/", "SameSite=Lax"]
        if self.domain is not None:
            parts.append(f"Domain={self.domain}")
        return "; ".join([*parts, "Secure"] if self.secure else parts)

    def arguments(self) -> dict[str, Any]:
        """Return arguments for ``response.set_cookie`` of Django, Flask and Starlette alike."""
        return {
            "key": COOKIE,
            "value": self.value,
            "max_age": self.age_s,
            "path": "/",
            "domain": self.domain,
            "secure": self.secure,
            "httponly": False,
            "samesite": "Lax",
        }


def arriving_click_id(request: WebRequest, url: str | None, referrer: str | None) -> str | None:
    """Return the click id of the URL, else of the page, else of the page before if it is ours."""
    pages = [url]
    if url and referrer and host_of(url) == host_of(referrer):
        pages.append(referrer)
    queries = (request.query, *(urlsplit(page).query for page in pages if page))
    return next((found for query in queries if (found := _parameter(query))), None)


def kept_click_id(request: WebRequest) -> str | None:
    """Return the click id in the cookie."""
    return _cookie(request, COOKIE)


def has_cookie(request: WebRequest) -> bool:
    """Return whether the browser has our cookie, with any value."""
    return next(cookie_values(request, COOKIE), None) is not None


def pixel_cookie(request: WebRequest) -> str | None:
    """Return the visitor id that the Pixel keeps.

    Source: https://business-api.tiktok.com/portal/docs?id=1771100936446977 (read 2026-11-22).
    """
    return _cookie(request, PIXEL_COOKIE)


def _parameter(query: str) -> str | None:
    parts = (part.partition("=") for part in query.split("&"))
    return _first_valid(value for name, _, value in parts if name == COOKIE)


def _cookie(request: WebRequest, name: str) -> str | None:
    return _first_valid(value.strip('"') for value in cookie_values(request, name))


def cookie_values(request: WebRequest, wanted: str) -> Iterator[str]:
    """Return every value of a cookie, as it was sent."""
    for header in request.all("cookie"):
        for part in header.split(";"):
            name, _, value = part.partition("=")
            if name.strip() == wanted:
                yield value.strip()


def _first_valid(values: Iterator[str]) -> str | None:
    """Return the first valid value, decoded once as TikTok's template does; macros are invalid."""
    decoded = (unquote(value) for value in values)
    return next((value for value in decoded if _VALUE.fullmatch(value) and not _junk(value)), None)


def _junk(value: str) -> bool:
    return is_junk("ttclid", value)

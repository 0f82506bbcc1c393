"""Find the URLs of the requested page and of the page before it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from tiktok_events.web.request import WebRequest
from tiktok_events.web.visitor_ip import TrustedProxies, said_by_proxies

URL_CHARS: Final = 8_192
"""The longest request line that servers take. The worker takes longer URLs, up to its limit."""

_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_SAFE_IN_URL: Final = ":/?#[]@!$&'()*+,;=%~"


def visited_pages(
    request: WebRequest, trusted: TrustedProxies, header: str
) -> tuple[str | None, str | None]:
    """Return the URL in the visitor's address bar, and the page before it.

    A script's request is not what the address bar shows. The page on which the script runs is the
    referrer, if that is ours; the page before is unknown then.
    """
    url, referrer = page_url(request, trusted, header), referrer_url(request)
    if url and referrer and _is_fetched(request) and host_of(url) == host_of(referrer):
        return referrer, None
    return url, referrer


def _is_fetched(request: WebRequest) -> bool:
    """Return whether a script sent the request.

    Source: https://www.w3.org/TR/fetch-metadata/ (``empty`` is the destination of ``fetch``,
    ``sendBeacon`` and XMLHttpRequest; read 2026-11-30); browsers before 2023 do not send this
    header, but jQuery and axios sent one of theirs.
    """
    dest = request.one("sec-fetch-dest").strip().lower()
    return dest == "empty" or (
        not dest and request.one("x-requested-with").strip().lower() == "xmlhttprequest"
    )


def is_secure(request: WebRequest, trusted: TrustedProxies, header: str) -> bool:
    """Return whether the visitor's browser uses https, to us or to our proxy."""
    said = said_by_proxies(request, trusted, header, "proto")
    return request.is_secure if not said else said.lower() == "https"


def page_url(request: WebRequest, trusted: TrustedProxies, header: str) -> str | None:
    """Return the requested URL, or ``None`` without a usable host.

    Args:
        request: the request whose page is asked for.
        trusted: our own proxies, which know the host and the scheme that the visitor used.
        header: the header in which they name the visitor's address.
    """
    host = said_by_proxies(request, trusted, header, "host") or request.one("host").strip()
    if not _HOST.fullmatch(host):
        return None
    scheme = "https" if is_secure(request, trusted, header) else "http"
    query = f"?{request.query}" if request.query else ""
    return _bounded(f"{scheme}://{host}{request.path or '/'}{query}")


def referrer_url(request: WebRequest) -> str | None:
    """Return the page before if it is a web page, else ``None``."""
    given = request.one("referer").strip()
    if host_of(given) is None or not given.isprintable() or " " in given:
        return None
    return _bounded(quote(given, _SAFE_IN_URL))


def host_of(url: str) -> str | None:
    """Return the lower-case host of an http(s) URL; ``None`` without one or with a password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return host if parts.scheme in {"http", "https"} and "@" not in parts.netloc else None


def _bounded(url: str) -> str | None:
    """Return the URL, without its query if it is too long: half a query would be false."""
    if len(url) > URL_CHARS:
        url = url.partition("?")[0]
    return url if len(url) <= URL_CHARS else None

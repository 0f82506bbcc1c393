"""The page that was asked for and the one before it, as whole URLs."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from tiktok_events.web.request import WebRequest
from tiktok_events.web.visitor_ip import TrustedProxies, said_by_proxies

URL_CHARS: Final = 8_192
"""What servers take as a request line. The worker takes more, and refuses what is over that."""

_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_SAFE_IN_URL: Final = ":/?#[]@!$&'()*+,;=%~"


def visited_pages(
    request: WebRequest, trusted: TrustedProxies, header: str
) -> tuple[str | None, str | None]:
    """The URL in the visitor's address bar, and the page before it.

    A script that fetches something stands on a page, which its referrer names if that is ours;
    what it fetches was never in the address bar, and the page before is not told.
    """
    url, referrer = page_url(request, trusted, header), referrer_url(request)
    if url and referrer and _is_fetched(request) and host_of(url) == host_of(referrer):
        return referrer, None
    return url, referrer


def _is_fetched(request: WebRequest) -> bool:
    """Whether a script asked.

    Source: https://www.w3.org/TR/fetch-metadata/ (``empty`` is the destination of ``fetch``,
    ``sendBeacon`` and XMLHttpRequest; read 2026-11-30); browsers before 2023 do not tell, but
    jQuery and axios did.
    """
    dest = request.one("sec-fetch-dest").strip().lower()
    return dest == "empty" or (
        not dest and request.one("x-requested-with").strip().lower() == "xmlhttprequest"
    )


def is_secure(request: WebRequest, trusted: TrustedProxies, header: str) -> bool:
    """Whether the visitor's browser speaks https, to us or to our proxy."""
    said = said_by_proxies(request, trusted, header, "proto")
    return request.is_secure if not said else said.lower() == "https"


def page_url(request: WebRequest, trusted: TrustedProxies, header: str) -> str | None:
    """The URL that was asked for; ``None`` without a usable host.

    Args:
        request: the request that the page answers.
        trusted: our own proxies, who know the host and the scheme before them.
        header: the one that they write the visitor's address in.
    """
    host = said_by_proxies(request, trusted, header, "host") or request.one("host").strip()
    if not _HOST.fullmatch(host):
        return None
    scheme = "https" if is_secure(request, trusted, header) else "http"
    query = f"?{request.query}" if request.query else ""
    return _bounded(f"{scheme}://{host}{request.path or '/'}{query}")


def referrer_url(request: WebRequest) -> str | None:
    """The page before, if it is a web page; ``None`` for anything else."""
    given = request.one("referer").strip()
    if host_of(given) is None or not given.isprintable() or " " in given:
        return None
    return _bounded(quote(given, _SAFE_IN_URL))


def host_of(url: str) -> str | None:
    """The host of an http or https URL in lower case; ``None`` if it has none, or a password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return host if parts.scheme in {"http", "https"} and "@" not in parts.netloc else None


def _bounded(url: str) -> str | None:
    """Without its query where it would be too long: half a query says nothing true."""
    if len(url) > URL_CHARS:
        url = url.partition("?")[0]
    return url if len(url) <= URL_CHARS else None

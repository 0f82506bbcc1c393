"""What every middleware does with a request: ask for consent, capture, keep the click id."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tiktok_events.web.capture import Capture, capture_of
from tiktok_events.web.click_id import ClickIdCookie, has_cookie, kept_click_id
from tiktok_events.web.page import is_secure
from tiktok_events.web.request import WebRequest, web_request
from tiktok_events.web.settings import WebSettings

CAPTURE_KEY: Final = "tiktok_events.capture"
"""Where a WSGI environ or an ASGI scope holds the capture."""

_log: Final = logging.getLogger("tiktok_events.web")

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a middleware has to do.

    Attributes:
        captured: what the view may use; empty without consent.
        cookie: what the answer carries; ``None`` leaves the browser's cookie as it is.
    """

    captured: Capture = field(repr=False)
    cookie: ClickIdCookie | None = field(repr=False)


def visit(request: Request, consent: Callable[[Request], bool], settings: WebSettings) -> Visit:
    """Look at a request; without the visitor's consent, only at whether we kept something."""
    seen = web_request(request)
    if not consents(request, consent):
        return Visit({}, _removal(seen, settings))
    captured = capture_of(seen, settings)
    return Visit(captured, _keeping(seen, captured, settings))


def consents(request: Any, consent: Callable[[Any], object]) -> bool:
    """Whether the visitor has agreed.

    Only ``True`` is a yes: a callable that fails, or returns a coroutine or another value that
    merely counts as true, must not turn into one. It is logged without the failure's text, which
    may hold a part of the request.
    """
    try:
        answer = consent(request)
    except Exception as error:  # noqa: BLE001 — because a fault in it must not end a checkout
        _log.warning("the consent callable raised %s: taken as no", type(error).__name__)
        return False
    if not isinstance(answer, bool):
        _log.warning("the consent callable returned %s: taken as no", type(answer).__name__)
    return answer is True


def _keeping(request: WebRequest, captured: Capture, settings: WebSettings) -> ClickIdCookie | None:
    """A new click id is kept from now on; the one we have keeps its date."""
    click_id = captured["user"].get("ttclid")
    if click_id is None or click_id == kept_click_id(request):
        return None
    return _cookie(request, click_id, settings)


def _removal(request: WebRequest, settings: WebSettings) -> ClickIdCookie | None:
    return _cookie(request, "", settings) if has_cookie(request) else None


def _cookie(request: WebRequest, value: str, settings: WebSettings) -> ClickIdCookie:
    secure = is_secure(request, settings.trusted_proxies, settings.ip_header)
    return ClickIdCookie(value, secure, settings.cookie_domain)

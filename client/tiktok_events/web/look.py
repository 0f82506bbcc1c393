"""Do what every middleware does with a request: ask for consent, capture, keep the click id."""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from tiktok_events.event.policy import DROP, KEEP, Policy
from tiktok_events.web.capture import Capture, capture_of
from tiktok_events.web.click_id import (
    COOKIE,
    ClickIdCookie,
    has_cookie,
    kept_click_id,
    pixel_cookie,
)
from tiktok_events.web.page import is_secure
from tiktok_events.web.request import WebRequest, source_of, web_request
from tiktok_events.web.settings import WebSettings
from tiktok_events.web.visit import VISIT_KEY, Visit, expose

_log: Final = logging.getLogger("tiktok_events.web")

Request = TypeVar("Request")

Answer: TypeAlias = bool | Policy
"""What a consent callable returns: yes, no, or a policy of what may be shared."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a middleware has to do.

    Attributes:
        visit: the visit, for the view.
        cookie: the cookie to set; ``None`` leaves the browser's cookie as it is.
    """

    visit: Visit
    cookie: ClickIdCookie | None = field(repr=False)


def look(request: Request, consent: Callable[[Request], Answer], settings: WebSettings) -> Look:
    """Capture a request; without the visitor's consent, only check whether we set a cookie."""
    seen, policy = web_request(request), decided(request, consent)
    if policy.use == "drop":
        return Look(Visit(policy, browser=_ids(seen)), _removal(seen, settings))
    captured = _shared(capture_of(seen, settings), policy)
    keeps = _may_keep(policy)
    cookie = _keeping(seen, captured, settings) if keeps else _removal(seen, settings)
    return Look(Visit(policy, captured, _ids(seen)), cookie)


def begin(request: Any, consent: Callable[[Any], Answer], settings: WebSettings) -> Look:
    """Capture a request, and store the visit where the view finds it."""
    found = look(request, consent, settings)
    source = source_of(request)
    if isinstance(source, MutableMapping):
        source[VISIT_KEY] = found.visit
    expose(found.visit)
    return found


def decided(request: Any, consent: Callable[[Any], object]) -> Policy:
    """Return what the visitor allows.

    Only ``True`` and a policy are a yes: a callable that fails, or returns a coroutine or another
    value that merely counts as true, must not turn into one. A failure is logged without its text,
    which may quote the request.
    """
    try:
        answer = consent(request)
    except Exception as error:  # noqa: BLE001 — because a fault in it must not end a checkout
        _log.warning("the consent callable raised %s: taken as no", type(error).__name__)
        return DROP
    if isinstance(answer, Policy):
        return answer
    if not isinstance(answer, bool):
        _log.warning("the consent callable returned %s: taken as no", type(answer).__name__)
    return KEEP if answer is True else DROP


def _ids(seen: WebRequest) -> dict[str, str]:
    kept = {"ttclid": kept_click_id(seen), "ttp": pixel_cookie(seen)}
    return {key: value for key, value in kept.items() if value}


def _shared(captured: Capture, policy: Policy) -> Capture:
    without = Policy("keep", policy.remove).applied_to(captured)
    return {part: dict(values) for part, values in without.items()}


def _may_keep(policy: Policy) -> bool:
    return not {"user", f"user.{COOKIE}"} & set(policy.remove)


def _keeping(request: WebRequest, captured: Capture, settings: WebSettings) -> ClickIdCookie | None:
    """Return the cookie that keeps a new click id; a kept one keeps its date."""
    click_id = captured["user"].get("ttclid")
    if click_id is None or click_id == kept_click_id(request):
        return None
    return _cookie(request, click_id, settings)


def _removal(request: WebRequest, settings: WebSettings) -> ClickIdCookie | None:
    return _cookie(request, "", settings) if has_cookie(request) else None


def _cookie(request: WebRequest, value: str, settings: WebSettings) -> ClickIdCookie:
    secure = is_secure(request, settings.trusted_proxies, settings.ip_header)
    return ClickIdCookie(value, secure, settings.cookie_domain)

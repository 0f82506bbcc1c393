"""Settings of a producer that is a web application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from tiktok_events.setting_checks import one_of
from tiktok_events.settings import ClientSettings, setting
from tiktok_events.web.visitor_ip import X_FORWARDED_FOR, TrustedProxies, trusted_proxies

_HEADER_NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
_DOMAIN: Final = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+")


OnInvalid: TypeAlias = Literal["log", "raise"]
"""What to do with a faulty event."""


class Setup(StrEnum):
    """Which channels report a conversion.

    Source: https://ads.tiktok.com/help/article/event-deduplication (read 2026-11-22).
    """

    PIXEL = "pixel"
    API = "api"
    BOTH = "both"

    @property
    def has_pixel(self) -> bool:
        """Return whether the browser reports."""
        return self is not Setup.API

    @property
    def has_api(self) -> bool:
        """Return whether the server reports."""
        return self is not Setup.PIXEL


def setup_of(value: Any) -> Setup:
    """Return the set-up that the setting ``SETUP``, or the argument of that name, means.

    Raises:
        ValueError: it is none of the three; the message lists them.
    """
    try:
        return Setup(str(value).strip().lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Setup)}") from None


def _header_name(value: Any) -> str:
    name = str(value).strip().lower()
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("must be the name of a header, such as X-Forwarded-For or Forwarded")
    return name


def _domain(value: Any) -> str:
    name = str(value).strip().lower()
    if not _DOMAIN.fullmatch(name):
        raise ValueError("must be a domain such as shop.example")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings(ClientSettings):
    """Settings of a producer that is a web application.

    Attributes:
        setup: which channels report: both, or one of them.
        trusted_proxies: networks of our own proxies; by default none, so that the connection's
            address is taken for the visitor's.
        ip_header: the header in which these proxies write the visitor's address.
        cookie_domain: the domain whose hosts share a click id; by default, one host keeps it.
        on_invalid: what becomes of an event that cannot be reported: `log` it and count it, or
            `raise` its error, as plain clients do.
    """

    setup: Setup = setting(Setup.BOTH, setup_of)
    trusted_proxies: TrustedProxies = setting(TrustedProxies(), trusted_proxies)
    ip_header: str = setting(X_FORWARDED_FOR, _header_name)
    cookie_domain: str | None = setting(None, _domain)
    on_invalid: OnInvalid = setting("log", one_of("log", "raise"))

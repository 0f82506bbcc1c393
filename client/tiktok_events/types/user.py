"""Who did it: the match keys."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

MatchKey: TypeAlias = str | list[str]
"""A raw value or its SHA-256 as 64 hex digits; or a list of them, mixed as you like."""

AttStatus: TypeAlias = Literal[
    "AUTHORIZED", "DENIED", "NOT_DETERMINED", "RESTRICTED", "NOT_APPLICABLE"
]
"""The answers to Apple's App Tracking Transparency prompt."""


class User(TypedDict, total=False):
    """The visitor, buyer or lead; give every match key you have and may use.

    Raw values are prepared and hashed by the client, in your process; a digest passes unchanged.
    Web events are matched best with `ttclid`, `ttp`, `email`, `phone`, and `ip` with `user_agent`.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22);
    names, place and postal code as https://github.com/segmentio/action-destinations sends them.
    """

    email: MatchKey
    """E-mail address, raw or SHA-256. Trimmed, lower-cased and hashed by the client."""

    phone: MatchKey
    """Phone number, raw or SHA-256: `+49 30 1234567`. National forms need `default_region`."""

    external_id: MatchKey
    """Your own id of the person, raw or SHA-256. Its case is kept: the Pixel's must be the same."""

    first_name: str
    """First name, raw or SHA-256."""

    last_name: str
    """Last name, raw or SHA-256."""

    zip_code: str
    """Postal code as text, raw or SHA-256."""

    ttclid: str
    """TikTok's click id from the landing page's URL, whole: it can have 1,000 characters."""

    ttp: str
    """Value of the Pixel's cookie `_ttp`."""

    ip: str
    """Public IPv4 or IPv6 address of the visitor, not of your proxy. Sent plain."""

    user_agent: str
    """The browser's `User-Agent` header, unchanged; goes with `ip`. Sent plain."""

    locale: str
    """Language as a BCP 47 tag, such as `en-US`."""

    city: str
    """City; letters and digits are kept, in lower case. Sent plain."""

    state: str
    """State or region; letters and digits are kept, in lower case. Sent plain."""

    country: str
    """Two letters of ISO 3166-1, such as `de`. Sent plain."""

    idfa: str
    """Apple's advertising id of the device; raw or SHA-256, for app events."""

    idfv: str
    """Apple's vendor id of the device; raw, for app events."""

    gaid: str
    """Google's advertising id of the device; raw or SHA-256, for app events."""

    att_status: AttStatus
    """Answer to Apple's App Tracking Transparency prompt; `NOT_APPLICABLE` on Android."""

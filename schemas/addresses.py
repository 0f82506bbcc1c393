"""Addresses: of a page, and of the visitor's machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import DOUBT, EventField, Text, is_unicode
from schemas.finding import Finding, Noted, as_noted, mended, note
from tiktok_events.event.ip import is_public, packed_address, read_address
from tiktok_events.event.readings import WAS_EMPTY, WAS_ROUTE

NOT_A_PAGE: Final = "must be a full http or https URL, such as https://shop.example/thanks"
NOT_HTTP: Final = "is not an http URL: it is sent as it is"
NOT_AN_IP: Final = "must be an IPv4 or IPv6 address"
NOT_PUBLIC: Final = "is not a public address: it cannot help to match"

_is_http: Final = re.compile(r"https?://[^\s/?#]", re.IGNORECASE).match
_is_link: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]", re.IGNORECASE).match
_IP_CHARS: Final = 45


class PageUrl(Text):
    """A web page, whole, with its query.

    Only scheme and host are looked at: what follows is often not what the standard says, and
    TikTok wants it as the browser had it.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

    reading = "url"

    def __init__(self, *, needed: str | None = None, vital: bool | None = None) -> None:
        super().__init__(limits.URL_CHARS, needed=needed, vital=vital)

    @property
    def reading_options(self) -> Sequence[Any]:
        """Return how long it may be."""
        return (self.longest,)

    def take(self, value: Any) -> Any:
        """Take an http or https URL."""
        if type(value) is not str or len(value) > self.longest:
            return DOUBT
        # As nearly all begin; a pattern takes three times as long.
        if not (value[:8] == "https://" and value[8:9].isalnum()) and not _is_http(value):
            return DOUBT
        if value.strip() is not value:
            return DOUBT
        return value if value.isascii() or is_unicode(value) else DOUBT

    def mend(self, value: Any) -> Any:
        """Leave an empty URL out where it may be missing; refuse the rest."""
        if isinstance(value, str) and (not value or len(value) > self.longest or _is_http(value)):
            return self._mend_text(value)
        raise ValidationError(NOT_A_PAGE)


class ReferrerUrl(PageUrl):
    """Where the visitor came from; an app's deep link is possible."""

    def take(self, value: Any) -> Any:
        """Take a URL; leave out the empty referrer of a direct visit, which is no mistake."""
        return None if value == "" else PageUrl.take(self, value)

    def mend(self, value: Any) -> Any:
        """Keep an app's link, with a warning; `about:blank` and a script came from nowhere."""
        if isinstance(value, str) and _is_link(value) and not _is_http(value):
            noted = as_noted(self._mend_text(value))
            return Noted(noted.value, (*noted.findings, Finding("", NOT_HTTP)))
        return super().mend(value)


class IpAddress(EventField):
    """The visitor's public address.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

    reading = "address"

    def take(self, value: Any) -> Any:
        """Take a public address."""
        packed = _packed(value) if type(value) is str else b""
        return value if packed and is_public(packed) else DOUBT

    def mend(self, value: Any) -> Any:
        """Keep an address of a private network, with a warning: the event may match otherwise."""
        if value == "":
            return self.drop(WAS_EMPTY)
        packed = _packed(value) if isinstance(value, str) else b""
        if not packed:
            raise ValidationError(NOT_AN_IP)
        return str(value) if is_public(packed) else _mend_hidden(str(value))


def _mend_hidden(address: str) -> Noted:
    """Return the IPv4 address that a server which listens on IPv6 wrote as one of those."""
    read = read_address(address)
    return note(address, NOT_PUBLIC) if read in {None, address} else mended(read, WAS_ROUTE)


def _packed(address: str) -> bytes:
    return packed_address(address) if len(address) <= _IP_CHARS else b""

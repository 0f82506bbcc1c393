"""Addresses: of a page, and of the visitor's machine."""

from __future__ import annotations

import re
import socket
from bisect import bisect
from ipaddress import ip_network
from typing import Any, Final

from marshmallow import ValidationError

from schemas import limits
from schemas.fields import DOUBT, WAS_EMPTY, EventField, Text, is_unicode
from schemas.finding import note

NOT_A_PAGE: Final = "must be a full http or https URL, such as https://shop.example/thanks"
NOT_AN_IP: Final = "must be an IPv4 or IPv6 address"
NOT_PUBLIC: Final = "is not a public address: it cannot help to match"

_is_http: Final = re.compile(r"https?://[^\s/?#]", re.IGNORECASE).match
_has_scheme: Final = re.compile(r"[a-z][a-z0-9+.-]*:.", re.IGNORECASE).match
_IP_CHARS: Final = 45
_IPV4_BYTES: Final = 4


def _edges(*networks: str) -> list[int]:
    """Return where each network begins and ends, in order: inside are an odd number of edges."""
    parsed = [ip_network(network) for network in networks]
    begins = [int(network.network_address) for network in parsed]
    ends = [int(network.broadcast_address) + 1 for network in parsed]
    return sorted(begins + ends)


_HIDDEN_IPV4: Final = _edges(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)
_GLOBAL_IPV6: Final = 0b001
"""The first three bits: 2000::/3."""


class PageUrl(Text):
    """A web page, whole, with its query.

    Only scheme and host are looked at: what follows is often not what the standard says, and
    TikTok wants it as the browser had it.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

    def __init__(self, *, needed: str | None = None) -> None:
        super().__init__(limits.URL_CHARS, needed=needed)

    def take(self, value: Any) -> Any:
        """Take an http or https URL."""
        if type(value) is str and len(value) <= self.longest and _is_http(value):
            return value if value.isascii() or is_unicode(value) else DOUBT
        return DOUBT

    def mend(self, value: Any) -> Any:
        """Leave an empty URL out where it may be missing; refuse the rest."""
        if not isinstance(value, str):
            raise ValidationError(NOT_A_PAGE)
        url = self._mend_text(value)
        if isinstance(url, str) and not _is_http(url):
            raise ValidationError(NOT_A_PAGE)
        return url


class ReferrerUrl(PageUrl):
    """Where the visitor came from; an app's deep link is possible."""

    def take(self, value: Any) -> Any:
        """Take a URL; leave out the empty referrer of a direct visit, which is no mistake."""
        return None if value == "" else PageUrl.take(self, value)

    def mend(self, value: Any) -> Any:
        """Keep an app's link, with a warning."""
        if isinstance(value, str) and _has_scheme(value) and not _is_http(value):
            return note(self._mend_text(value), "is not an http URL: it is sent as it is")
        return super().mend(value)


class IpAddress(EventField):
    """The visitor's public address.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

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
        return str(value) if is_public(packed) else note(str(value), NOT_PUBLIC)


def is_public(packed: bytes) -> bool:
    """Return whether an address can be seen on the internet.

    The documentation networks count as public: they occur in examples only.

    Source: https://www.iana.org/assignments/iana-ipv4-special-registry (private, shared, loopback,
    link-local, multicast and reserved blocks) and
    https://www.iana.org/assignments/ipv6-address-space (2000::/3 is global unicast).
    """
    if len(packed) > _IPV4_BYTES:
        return packed[0] >> 5 == _GLOBAL_IPV6
    return bisect(_HIDDEN_IPV4, int.from_bytes(packed)) % 2 == 0


def _packed(address: str) -> bytes:
    """Return the bytes of an address, or none if it is not one."""
    if len(address) > _IP_CHARS:
        return b""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):  # ValueError: half characters, embedded zeros
        return b""

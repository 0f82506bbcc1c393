"""Find the visitor's address behind proxies that we trust, and no others.

Every proxy appends its caller's address to a header that the visitor may have sent in the first
place. So the list is read from its right end, past our own proxies: the first address that is not
theirs is the visitor's. Addresses further left cannot be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final, TypeAlias

from tiktok_events.web.request import WebRequest

UNIX_SOCKET: Final = "unix"
"""The word for a proxy that calls through a Unix socket, and so has no address."""

FORWARDED: Final = "forwarded"
X_FORWARDED_FOR: Final = "x-forwarded-for"

MOST_HOPS: Final = 32
"""A chain of proxies has a handful; a longer list is an attack, and is ignored."""

Address: TypeAlias = IPv4Address | IPv6Address

_PORT: Final = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<bare>[0-9.]+|[0-9A-Fa-f:.]+):\d+")
_FORWARDED_PAIR: Final = re.compile(r'\s*(?P<name>[A-Za-z]+)\s*=\s*"?(?P<value>[^"]*)"?\s*')


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that are trusted to name the visitor.

    Attributes:
        networks: the networks of these proxies.
        through_unix_socket: whether a caller through a Unix socket is such a proxy.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    through_unix_socket: bool = False

    def trusts(self, hop: str) -> bool:
        """Return whether an address, as text, is one of our proxies'."""
        address = parse_address(hop)
        return address is not None and any(address in network for network in self.networks)

    def trusts_peer(self, peer: str) -> bool:
        """Return whether the peer, which may call through a Unix socket, is a proxy of ours."""
        return self.trusts(peer) if peer else self.through_unix_socket


def trusted_proxies(value: Any) -> TrustedProxies:
    """Return the proxies in the setting: networks and addresses, as a list or with commas.

    Raises:
        ValueError: a value is no network or address; the message says what is allowed.
    """
    if isinstance(value, TrustedProxies):
        return value
    words = value.split(",") if isinstance(value, str) else value
    try:
        texts = [text for word in _words(words) if (text := str(word).strip())]
        networks = tuple(ip_network(text) for text in texts if text.lower() != UNIX_SOCKET)
    except (TypeError, ValueError):
        raise ValueError(
            f"must be networks such as 10.0.0.0/8 or fd00::/8, or {UNIX_SOCKET}, "
            "separated by commas"
        ) from None
    return TrustedProxies(networks, any(text.lower() == UNIX_SOCKET for text in texts))


def _words(value: Any) -> Iterable[Any]:
    if not isinstance(value, Iterable):
        raise TypeError
    return value


def visitor_ip(request: WebRequest, trusted: TrustedProxies, header: str) -> str | None:
    """Return the visitor's public address; ``None`` if it is private, hidden or untrustworthy.

    Args:
        request: the request whose sender is asked for.
        trusted: our own proxies.
        header: the header that they write, in lower case: ``forwarded`` (RFC 7239), or any that
            lists plain addresses. Only this one is read, because a visitor can send the others.

    Source: https://www.rfc-editor.org/rfc/rfc7239 section 5.2 (read 2026-11-22).
    """
    if not trusted.trusts_peer(request.peer):
        return public_address(request.peer)
    hops = _hops(request, header)
    passed = _passed(hops, trusted)
    return public_address(hops[passed]) if passed < len(hops) else None


def said_by_proxies(request: WebRequest, trusted: TrustedProxies, header: str, what: str) -> str:
    """Return the ``host`` or ``proto`` that the visitor's proxy was asked for; else empty.

    Each proxy appends what it was asked for, as it appends an address, so the right value is as far
    from the right end as the visitor's address. Where proxies replace the value instead, the list
    is shorter, and its first value is taken.
    """
    if not trusted.trusts_peer(request.peer):
        return ""
    name = FORWARDED if header == FORWARDED else f"x-forwarded-{what}"
    values = _elements(request, name)
    if not values:
        return ""
    passed = _passed(_hops(request, header), trusted)
    value = values[-1 - min(passed, len(values) - 1)]
    return (forwarded_part(value, what) if header == FORWARDED else value).strip()


def _passed(hops: list[str], trusted: TrustedProxies) -> int:
    """Return how many addresses, counted from the last proxy's, are our own proxies'."""
    return next((n for n, hop in enumerate(hops) if not trusted.trusts(hop)), len(hops))


def _hops(request: WebRequest, header: str) -> list[str]:
    """Return the addresses in the header, the last proxy's first."""
    elements = _elements(request, header)
    if header == FORWARDED:
        elements = [forwarded_part(element, "for") for element in elements]
    return elements[::-1]


def _elements(request: WebRequest, name: str) -> list[str]:
    """Return the elements of a header that is a list; none if no chain of proxies is so long."""
    if not (values := request.all(name)):
        return []
    elements = ",".join(values).split(",")
    return elements if len(elements) <= MOST_HOPS else []


def forwarded_part(element: str, name: str) -> str:
    """Return one parameter of an element of ``Forwarded``; empty if it is absent.

    Elements are split at every comma, even within quotes: our proxy writes no such comma, and a
    visitor's open quote must not swallow what the proxy appended.
    """
    for part in element.split(";"):
        pair = _FORWARDED_PAIR.fullmatch(part)
        if pair is not None and pair["name"].lower() == name:
            return pair["value"]
    return ""


def parse_address(text: str) -> Address | None:
    """Read an address as headers spell it: with a port, in brackets, or IPv4 within IPv6.

    CloudFront appends a port to an IPv6 address without brackets; the last group is a port if the
    whole text is no address.
    """
    text = text.strip().strip('"')
    address = _address(text)
    if address is None and (match := _PORT.fullmatch(text)):
        address = _address(match["six"] or match["bare"] or "")
    if address is None:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def public_address(text: str) -> str | None:
    """Return the address if it can be a visitor's on the internet; no other helps to match.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (public IPv4 or IPv6)
    and https://www.iana.org/assignments/iana-ipv4-special-registry (read 2026-11-22).
    """
    address = parse_address(text)
    if address is None or address.is_multicast or address.is_reserved or not address.is_global:
        return None
    return None if "%" in str(address) else str(address)

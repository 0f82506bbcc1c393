"""The visitor's address, behind proxies that we trust and no others.

Every proxy appends the address it was called from to a header that the visitor could have
begun. So the list is read from its right end, past our own proxies: the first address that is
none of them is the visitor's. What stands further left is hearsay.
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
"""The word for a proxy that calls through a Unix socket and so has no address."""

FORWARDED: Final = "forwarded"
X_FORWARDED_FOR: Final = "x-forwarded-for"

MOST_HOPS: Final = 32
"""A chain of proxies is a handful; a longer list is an attack, and nothing in it is believed."""

Address: TypeAlias = IPv4Address | IPv6Address

_PORT: Final = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<bare>[0-9.]+|[0-9A-Fa-f:.]+):\d+")
_FORWARDED_PAIR: Final = re.compile(r'\s*(?P<name>[A-Za-z]+)\s*=\s*"?(?P<value>[^"]*)"?\s*')


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that are believed when they name the visitor.

    Attributes:
        networks: where they are.
        through_unix_socket: whether whoever calls through a Unix socket is one.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    through_unix_socket: bool = False

    def trusts(self, hop: str) -> bool:
        """Whether an address, as text, is one of ours."""
        address = parse_address(hop)
        return address is not None and any(address in network for network in self.networks)

    def trusts_peer(self, peer: str) -> bool:
        """The same for the machine at the other end, which may be behind a Unix socket."""
        return self.trusts(peer) if peer else self.through_unix_socket


def trusted_proxies(value: Any) -> TrustedProxies:
    """Check the setting: networks and addresses, as a list or separated by commas.

    Raises:
        ValueError: what is allowed.
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
    """The visitor's public address, or ``None``: it is private, hidden, or not to be believed.

    Args:
        request: the request whose sender is asked for.
        trusted: our own proxies.
        header: the one that they write, in lower case: ``forwarded`` (RFC 7239), or any that
            lists plain addresses. Only this one is read, because a visitor can send the others.

    Source: https://www.rfc-editor.org/rfc/rfc7239 section 5.2 (read 2026-11-22).
    """
    if not trusted.trusts_peer(request.peer):
        return public_address(request.peer)
    hops = _hops(request, header)
    passed = _passed(hops, trusted)
    return public_address(hops[passed]) if passed < len(hops) else None


def said_by_proxies(request: WebRequest, trusted: TrustedProxies, header: str, what: str) -> str:
    """What the proxy that the visitor called says of its ``host`` or ``proto``; else empty.

    Each proxy appends what it was asked for, as it appends an address: the value as far from the
    right end as the visitor's address is that proxy's. Where proxies replace the value instead of
    appending theirs, the list is shorter than that, and its first value is the one that is left.
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
    """How many addresses, the last proxy's word first, are our own proxies'."""
    return next((n for n, hop in enumerate(hops) if not trusted.trusts(hop)), len(hops))


def _hops(request: WebRequest, header: str) -> list[str]:
    """The addresses of the header, the last proxy's word first."""
    elements = _elements(request, header)
    if header == FORWARDED:
        elements = [forwarded_part(element, "for") for element in elements]
    return elements[::-1]


def _elements(request: WebRequest, name: str) -> list[str]:
    """The elements of a header that lists them; none of a list that no chain of proxies makes."""
    if not (values := request.all(name)):
        return []
    elements = ",".join(values).split(",")
    return elements if len(elements) <= MOST_HOPS else []


def forwarded_part(element: str, name: str) -> str:
    """One parameter of an element of ``Forwarded``; empty when it has none.

    Elements are parted at every comma, even within quotes: our proxy writes none there, and a
    visitor's open quote must not swallow what the proxy appended.
    """
    for part in element.split(";"):
        pair = _FORWARDED_PAIR.fullmatch(part)
        if pair is not None and pair["name"].lower() == name:
            return pair["value"]
    return ""


def parse_address(text: str) -> Address | None:
    """An address as headers spell it: with a port, in brackets, or IPv4 within IPv6.

    CloudFront writes a port behind an IPv6 address without brackets; it is one where the text is
    no address as a whole.
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
    """The address if it can be a visitor's on the internet; no other helps to match.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (public IPv4 or IPv6)
    and https://www.iana.org/assignments/iana-ipv4-special-registry (read 2026-11-22).
    """
    address = parse_address(text)
    if address is None or address.is_multicast or address.is_reserved or not address.is_global:
        return None
    return None if "%" in str(address) else str(address)

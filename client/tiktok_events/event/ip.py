"""Recognise IP addresses, tell public ones, and find one in a longer text."""

from __future__ import annotations

import re
import socket
from bisect import bisect
from ipaddress import ip_network
from typing import Final

_TEXT_CHARS: Final = 1_024
_IPV4_BYTES: Final = 4
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"
"""How a server that listens on IPv6 sees an IPv4 visitor: ``::ffff:203.0.113.7``."""

_BETWEEN_HOPS: Final = re.compile(r"[,;\s]+")
_HOP: Final = re.compile(
    r'(?:for=)?"?(?:\[(?P<six>[0-9A-F:.]+)\](?::[0-9]+)?|(?P<four>[0-9.]+)(?::[0-9]+|/32)?'
    r'|(?P<bare>[0-9A-F:.]+)(?:/128)?)"?',
    re.IGNORECASE | re.ASCII,
)
"""A pattern of an address with what proxies, servers and databases write around it."""


def _edges(*networks: str) -> list[int]:
    """Return all bounds of the networks, sorted: an address inside has an odd number below it."""
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
"""The first three bits of global unicast addresses, 2000::/3."""


def packed_address(address: str) -> bytes:
    """Return the bytes of an address, or none if the text is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):  # ValueError: half characters, embedded zeros
        return b""


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


def read_address(text: str) -> str | None:
    """Return the visitor's address from a text that may have a port or a whole route.

    Of several, as in X-Forwarded-For, the first public one is the visitor's: those before it belong
    to the visitor's own network, those after it to proxies.
    """
    if len(text) > _TEXT_CHARS:
        return None
    hops = [hop for hop in map(_address, _BETWEEN_HOPS.split(text.strip())) if hop]
    return next((hop for hop in hops if is_public(packed_address(hop))), hops[0] if hops else None)


def _address(hop: str) -> str | None:
    matched = _HOP.fullmatch(hop)
    text = matched and (matched["six"] or matched["four"] or matched["bare"])
    packed = packed_address(text) if text else b""
    if packed.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, packed[-_IPV4_BYTES:])
    return text if packed else None

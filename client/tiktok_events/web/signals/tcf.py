"""Read IAB Europe's Transparency & Consent string, version 2 (TCF 2.0 to 2.3), and Canada's.

Source: https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
``TCFv2/IAB Tech Lab - Consent string and vendor list formats v2.md``, and of Canada
https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform ``Sections/TCFCA`` (both
read 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

from tiktok_events.web.signals.bits import Bits

VERSION: Final = 2
_TO_PURPOSES: Final = 152 - 6
_TO_CANADAS_PURPOSES: Final = 151 - 6
_PURPOSES: Final = 24
_MOST_RANGES: Final = 4_096
_NOT_ALLOWED: Final = 0
"""The restriction by which a publisher forbids a vendor a purpose despite the visitor's consent."""


@dataclass(frozen=True, slots=True)
class TCString:
    """What a visitor has allowed.

    Attributes:
        purposes: the purposes that have consent.
        vendors: the ranges of vendors that have consent.
        forbidden: purpose → vendors that the publisher forbids it to.
    """

    purposes: frozenset[int]
    vendors: tuple[range, ...]
    forbidden: tuple[tuple[int, tuple[range, ...]], ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read the core part of a string.

        Raises:
            ValueError: the text is no such string.
        """
        bits = Bits(text.partition(".")[0])
        if bits.number(6) != VERSION:
            raise ValueError("another version")
        bits.skip(_TO_PURPOSES)
        purposes = bits.numbers_set(_PURPOSES)
        bits.skip(_PURPOSES + 1 + 12)  # skips legitimate interest, purpose one treatment, country
        vendors = _vendors(bits)
        _vendors(bits)  # skips the vendors of legitimate interest
        return cls(purposes, vendors, _forbidden(bits))

    def allows(self, purposes: Collection[int], vendor: int | None) -> bool:
        """Return whether all purposes and the vendor, if one is named, have consent."""
        if not self.purposes.issuperset(purposes):
            return False
        if vendor is None:
            return True
        ruled_out = any(
            purpose in purposes and _among(vendor, vendors) for purpose, vendors in self.forbidden
        )
        return _among(vendor, self.vendors) and not ruled_out


def canada_allows(text: str, purposes: Collection[int]) -> bool:
    """Return whether a string of TCF Canada has express or implied consent to all of the purposes.

    Raises:
        ValueError: the text is no such string.
    """
    bits = Bits(text.partition(".")[0])
    bits.skip(6 + _TO_CANADAS_PURPOSES)
    return (bits.numbers_set(_PURPOSES) | bits.numbers_set(_PURPOSES)).issuperset(purposes)


def _vendors(bits: Bits) -> tuple[range, ...]:
    highest = bits.number(16)
    if bits.flag():
        return _ranges(bits)
    return tuple(range(vendor, vendor + 1) for vendor in sorted(bits.numbers_set(highest)))


def _ranges(bits: Bits) -> tuple[range, ...]:
    entries = bits.number(12)
    if entries > _MOST_RANGES:
        raise ValueError("too many vendors")
    found = []
    for _ in range(entries):
        several, first = bits.flag(), bits.number(16)
        found.append(range(first, (bits.number(16) if several else first) + 1))
    return tuple(found)


def _forbidden(bits: Bits) -> tuple[tuple[int, tuple[range, ...]], ...]:
    read = ((bits.number(6), bits.number(2), _ranges(bits)) for _ in range(bits.number(12)))
    return tuple((purpose, vendors) for purpose, kind, vendors in read if kind == _NOT_ALLOWED)


def _among(vendor: int, ranges: tuple[range, ...]) -> bool:
    return any(vendor in one for one in ranges)

"""Encode receipts as bytes; `receipt` describes their form."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from tiktok_events.outbox.keys import Keys
from worker.outbox.receipt import (
    DIGEST_BYTES,
    FIRST_OWN,
    KEEP_S,
    NAMES,
    PACKED,
    Ended,
    destination_digest,
    row_of,
)

OTHER_NAME: Final = 255
MOST_ATTEMPTS: Final = 255
LONGEST_S: Final = 2**24 - 1
LATEST_S: Final = 2**32 - 1

_CODES: Final = {"": 0, **{name: code for code, name in enumerate(NAMES, 1)}}


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts that one script writes, as `lib/receipts.lua` wants them.

    Attributes:
        row: the hour and class that they are filed under.
        destination: the digest of its key, in hex.
        places: which of the lists each element goes to.
        elements: see the head of this module.
    """

    row: str
    destination: str
    places: Sequence[int]
    elements: Sequence[bytes]

    @classmethod
    def of(cls, destination: str, ended: Iterable[Ended], now: float) -> Self:
        """Receipts of events of one destination, written now (Unix seconds)."""
        pairs = elements(destination, ended)
        row, digest = row_of(destination, now), destination_digest(destination).hex()
        return cls(row, digest, [place for place, _ in pairs], [one for _, one in pairs])

    @property
    def facts(self) -> tuple[int, int, str, str]:
        """Return the arguments that describe them."""
        return len(self.elements), KEEP_S[self.row[0]], self.row, self.destination

    def keys(self, keys: Keys) -> list[str]:
        """Return the keys of a shard that they need."""
        lists = [keys.receipts(self.row, place) for place in self.places]
        return [keys.receipt_destinations, keys.receipt_hours, *lists]


def elements(destination: str, ended: Iterable[Ended]) -> list[tuple[int, bytes]]:
    """The elements that hold the receipts of events: the nibble of its list, and each."""
    alike: dict[tuple[str | None, int], list[Ended]] = {}
    for one in ended:
        alike.setdefault((one.request_id, int(one.at)), []).append(one)
    return [
        (nibble, element)
        for (request_id, at), some in alike.items()
        for nibble, element in _elements(destination, request_id, at, some)
    ]


def _elements(
    destination: str, request_id: str | None, at: int, ended: Sequence[Ended]
) -> list[tuple[int, bytes]]:
    entries: dict[int, list[bytes]] = defaultdict(list)
    codes = _Codes()
    known: dict[tuple[int, int, int], _Endings] = {}
    for one in ended:
        facts = (one.end + one.flags, one.attempts, at - int(one.accepted_at))
        endings = known.get(facts)
        if endings is None:
            endings = known[facts] = _Endings(codes, *facts)
        for digest, name in zip(one.digests, one.names, strict=True):
            entries[digest[0] >> 4].append(digest[1:DIGEST_BYTES] + endings[name])
    header = _header(destination, request_id, at, codes.own)
    return [(nibble, header + b"".join(some)) for nibble, some in entries.items()]


class _Codes(dict[str, bytes]):
    """The byte of each name; names that are not TikTok's are numbered as they come."""

    def __init__(self) -> None:
        self.own: list[bytes] = []

    def __missing__(self, name: str) -> bytes:
        code = _CODES.get(name)
        if code is None:
            code = min(FIRST_OWN + len(self.own), OTHER_NAME)
            if code < OTHER_NAME:
                self.own.append(name.encode("utf-8", "surrogatepass")[:OTHER_NAME])
        known = self[name] = bytes([code])
        return known


class _Endings(dict[str, bytes]):
    """What follows the digest in a receipt, by the name of the event; the rest is the same."""

    def __init__(self, codes: _Codes, end: int, attempts: int, seconds: int) -> None:
        self._codes = codes
        lasted = min(max(seconds, 0), LONGEST_S).to_bytes(3, "big")
        self._tail = bytes((end, min(attempts, MOST_ATTEMPTS))) + lasted

    def __missing__(self, name: str) -> bytes:
        known = self[name] = self._codes[name] + self._tail
        return known


def _header(destination: str, request_id: str | None, at: int, names: Sequence[bytes]) -> bytes:
    length, request = _packed(request_id or "")
    own = b"".join(bytes([len(name)]) + name for name in names)
    size = 2 + 1 + len(request) + 4 + 4 + len(own)
    return (
        struct.pack(">HB", size, length)
        + request
        + destination_digest(destination)
        + struct.pack(">I", min(max(at, 0), LATEST_S))
        + own
    )


def _packed(request_id: str) -> tuple[int, bytes]:
    """Bytes of a request id, and what is to be known of them: TikTok's are digits, half as long."""
    try:
        packed = bytes.fromhex(request_id)
    except ValueError:
        packed = b""
    if packed and packed.hex().upper() == request_id:
        return PACKED + len(packed), packed
    text = request_id.encode("utf-8", "surrogatepass")[: PACKED - 1]
    return len(text), text

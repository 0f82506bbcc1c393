"""Find receipts; `worker.outbox.receipt` describes their form."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.receipt import (
    DIGEST_BYTES,
    ENTRY_BYTES,
    FIRST_OWN,
    LISTS,
    NAMES,
    PACKED,
    End,
    Ended,
    Flag,
    digest_of,
)
from worker.outbox.receipt_writing import Receipts
from worker.reporting.stored import text_of

PAGE: Final = 500
"""How many elements of each list are read at once."""

ROWS_AT_ONCE: Final = 24
"""How many lists one round trip reads."""

FEW: Final = 8
"""Up to so many ids are searched for one by one; for more, every receipt is compared."""

LEAST_HEADER: Final = 11

_KNOWN: Final = DIGEST_BYTES - 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one event.

    Attributes:
        destination: key of the destination; empty if it is unknown by now.
        event: its name; `None` if it had none, or one of too many.
        end: how it ended.
        ended_at: when it ended, Unix seconds.
        accepted_at: when it was accepted, Unix seconds.
        attempts: how many requests carried it.
        request_id: request id of the answer that decided, if any.
        flags: further facts.
    """

    destination: str
    event: str | None
    end: End
    ended_at: int
    accepted_at: int
    attempts: int
    request_id: str | None
    flags: Flag


@dataclass(frozen=True, slots=True)
class _Header:
    """What the events of one element have in common."""

    size: int
    request_id: str | None
    destination: bytes
    ended_at: int
    names: Sequence[str]


class ReceiptLists:
    """All receipts of an installation.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._erase = LuaScript(store.redis, "worker", "lib/receipts", "receipts_erase")
        self._note = LuaScript(store.redis, "worker", "lib/receipts", "receipts_note")

    def find(self, event_ids: Iterable[str]) -> dict[str, list[Receipt]]:
        """What became of events, the earliest end first; an id that has no receipt is left out."""
        wanted: list[dict[bytes, str]] = [{} for _ in range(LISTS)]
        for event_id in event_ids:
            digest = digest_of(event_id)
            wanted[digest[0] >> 4][digest[1:DIGEST_BYTES]] = event_id
        found: dict[str, list[Receipt]] = {}
        for keys in self._store.at_hand:
            for event_id, receipt in self._found(keys, wanted):
                found.setdefault(event_id, []).append(receipt)
        return {one: sorted(some, key=lambda it: it.ended_at) for one, some in found.items()}

    def __iter__(self) -> Iterator[Receipt]:
        """Yield every receipt, in no order."""
        for keys in self._store.at_hand:
            names = self._destinations(keys)
            for place in range(LISTS):
                for element in self._elements(keys, place):
                    header = _header(element)
                    for start in range(header.size, len(element), ENTRY_BYTES):
                        yield _receipt(header, element, start, names)

    def erase(self, ended: Mapping[str, Sequence[Ended]], now: float) -> None:
        """Take out what is known of events, and write down that they were erased.

        Nothing is written where there are no receipts.

        Args:
            ended: by destination, what there is to be written down.
            now: Unix seconds.
        """
        if not any(map(self._rows, self._store.shards)):
            return
        digests = {digest for some in ended.values() for one in some for digest in one.digests}
        for keys in self._store.shards:
            rows = self._rows(keys)
            for place in range(LISTS):
                known = sorted(one[1:DIGEST_BYTES] for one in digests if one[0] >> 4 == place)
                for row in rows if known else ():
                    self._erase_from(keys, keys.receipts(row, place), known)
        for destination, some in ended.items():
            written = Receipts.of(destination, some, now)
            keys = self._store.shards.of(destination)
            args = (destination, *written.facts, *written.elements)
            self._note(written.keys(keys), args)

    def _erase_from(self, keys: Keys, name: str, digests: Sequence[bytes]) -> None:
        for some in (digests[first : first + FEW] for first in range(0, len(digests), FEW)):
            start = 0
            while self._erase([keys.counters, name], [start, PAGE, *some]) == PAGE:
                start += PAGE

    def _rows(self, keys: Keys) -> list[str]:
        hours = cast("list[bytes]", self._store.redis.hkeys(keys.receipt_hours))
        return [text_of(row) for row in hours]

    def _found(
        self, keys: Keys, wanted: Sequence[Mapping[bytes, str]]
    ) -> Iterator[tuple[str, Receipt]]:
        names = self._destinations(keys)
        for place, digests in enumerate(wanted):
            for element in self._elements(keys, place) if digests else ():
                for start in _places(element, digests):
                    event_id = digests[element[start : start + _KNOWN]]
                    yield event_id, _receipt(_header(element), element, start, names)

    def _elements(self, keys: Keys, place: int) -> Iterator[bytes]:
        """Yield elements of the lists, of all hours, whose digests begin alike."""
        rows = self._rows(keys)
        for first in range(0, len(rows), ROWS_AT_ONCE):
            lists = [keys.receipts(row, place) for row in rows[first : first + ROWS_AT_ONCE]]
            start = 0
            while lists:
                pages = self._pages(lists, start)
                for page in pages:
                    yield from filter(_is_whole, page)
                lists = [one for one, page in zip(lists, pages, strict=True) if len(page) == PAGE]
                start += PAGE

    def _pages(self, lists: Sequence[str], start: int) -> list[list[bytes]]:
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for one in lists:
                pipeline.lrange(one, start, start + PAGE - 1)
            read = pipeline.execute(raise_on_error=False)
        return [page if isinstance(page, list) else [] for page in read]

    def _destinations(self, keys: Keys) -> Mapping[bytes, bytes]:
        known: Any = self._store.redis.hgetall(keys.receipt_destinations)
        return cast("Mapping[bytes, bytes]", known)


def _is_whole(element: bytes) -> bool:
    """Whether this is an element as we write it; one that was emptied is not."""
    size = int.from_bytes(element[:2], "big")
    return LEAST_HEADER <= size < len(element) and (len(element) - size) % ENTRY_BYTES == 0


def _places(element: bytes, digests: Mapping[bytes, str]) -> Iterator[int]:
    """Yield where receipts of these digests are in an element."""
    size = int.from_bytes(element[:2], "big")
    if len(digests) > FEW:
        for start in range(size, len(element), ENTRY_BYTES):
            if element[start : start + _KNOWN] in digests:
                yield start
        return
    for digest in digests:
        start = element.find(digest, size)
        while start >= 0:
            if (start - size) % ENTRY_BYTES == 0:
                yield start
            start = element.find(digest, start + 1)


def _header(element: bytes) -> _Header:
    size, length = struct.unpack_from(">HB", element)
    end = 3 + length % PACKED
    request: str | None = None
    if length:
        given = element[3:end]
        request = given.hex().upper() if length >= PACKED else text_of(given)
    (ended_at,) = struct.unpack_from(">I", element, end + 4)
    return _Header(
        size, request, element[end : end + 4], ended_at, _own_names(element[end + 8 : size])
    )


def _own_names(written: bytes) -> list[str]:
    names = []
    while written:
        size = written[0]
        names.append(text_of(written[1 : 1 + size]))
        written = written[1 + size :]
    return names


def _receipt(
    header: _Header, element: bytes, start: int, destinations: Mapping[bytes, bytes]
) -> Receipt:
    name, end, attempts = element[start + _KNOWN : start + _KNOWN + 3]
    seconds = int.from_bytes(element[start + _KNOWN + 3 : start + ENTRY_BYTES], "big")
    return Receipt(
        destination=text_of(destinations.get(header.destination.hex().encode(), b"")),
        event=_name(name, header.names),
        end=End(end % Flag.AMBIGUOUS),
        ended_at=header.ended_at,
        accepted_at=header.ended_at - seconds,
        attempts=attempts,
        request_id=header.request_id,
        flags=Flag(end - end % Flag.AMBIGUOUS),
    )


def _name(code: int, own: Sequence[str]) -> str | None:
    if 0 < code < FIRST_OWN:
        return NAMES[code - 1]
    place = code - FIRST_OWN
    return own[place] if 0 <= place < len(own) else None

"""Decide which events TikTok would count: one conversion for each key within 48 hours.

The key is source id + event + event id. On one channel a repeat within 48 hours
of the first is dropped. On the other channel it is merged into the first within
5 minutes, dropped after that, and counted again after 48 hours.

Source: https://ads.tiktok.com/help/article/event-deduplication, read 2026-11-22.

Memory: one 16-byte digest and one integer for each distinct conversion, about
150 bytes with their place in the dictionary, however long the ids are. Keys are
forgotten 48 to 96 hours after they were first seen.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Final

WINDOW_S: Final = 48 * 3600
MERGE_S: Final = 5 * 60

_CHANNEL_BITS: Final = 2


class Channel(IntEnum):
    """The ways by which an event reaches TikTok, as bits."""

    SERVER = 1
    PIXEL = 2


class Outcome(StrEnum):
    """What becomes of an accepted event."""

    DISTINCT = "distinct"
    MERGED = "merged"
    REPEATED = "repeated"


class Deduplication:
    """Remembers when each key was first seen. Not safe for several threads."""

    def __init__(self) -> None:
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}
        self._recent_since: float | None = None

    def record(
        self, source_id: str, event: str, event_id: str | None, at: float, channel: Channel
    ) -> Outcome:
        """Count one event received at ``at`` (Unix seconds).

        An event without an id has no key: each one counts.
        """
        if not event_id:
            return Outcome.DISTINCT
        self._age(at)
        key = _digest(source_id, event, event_id)
        first = self._recent.get(key) or self._older.get(key)
        if first is None or at - _first_at(first) >= WINDOW_S:
            self._recent[key] = _pack(at, channel)
            return Outcome.DISTINCT
        return self._repeat(key, first, at, channel)

    def _repeat(self, key: bytes, first: int, at: float, channel: Channel) -> Outcome:
        if first & channel.value or abs(at - _first_at(first)) > MERGE_S:
            return Outcome.REPEATED
        holder = self._recent if key in self._recent else self._older
        holder[key] = first | channel.value
        return Outcome.MERGED

    def _age(self, at: float) -> None:
        """Start a new generation every 48 hours, so that forgetting needs no walk over the keys."""
        if self._recent_since is None:
            self._recent_since = at
        if at - self._recent_since >= WINDOW_S:
            self._older, self._recent, self._recent_since = self._recent, {}, at


def _digest(source_id: str, event: str, event_id: str) -> bytes:
    return blake2b(f"{source_id}\0{event}\0{event_id}".encode(), digest_size=16).digest()


def _pack(at: float, channel: Channel) -> int:
    return (round(at * 1000) << _CHANNEL_BITS) | channel.value


def _first_at(packed: int) -> float:
    return (packed >> _CHANNEL_BITS) / 1000

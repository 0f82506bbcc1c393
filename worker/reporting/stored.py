"""Read what is stored in Redis: the only place where the bytes of a field become a value.

Whoever can reach the server can write anything into our keys, and a view has to work all the same.
What our code did not write is junk: this module reads it as absent and records its place, so that
the view can name it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from redis.exceptions import ResponseError

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import Destination

LATEST: Final = 253_402_300_799
"""The last second of the year 9999 in Unix seconds, where Python's calendar ends."""

LARGEST: Final = 2**53
"""Beyond it, a script on the server, whose numbers are doubles, could not count."""

NAMED: Final = 20
"""How many places of junk are named; the others are counted."""

WRONG_TYPE: Final = "WRONGTYPE"
_WHOLE: Final = re.compile(rb"-?\d{1,16}").fullmatch


def text_of(value: bytes) -> str:
    r"""Return any bytes as text; what is not UTF-8 appears as `\xff`."""
    return value.decode(errors="backslashreplace")


def whole_of(value: bytes) -> int | None:
    """Return a whole number with which scripts can count; `None` for anything else."""
    number = int(value) if _WHOLE(value) else None
    return None if number is None or abs(number) > LARGEST else number


def seconds_of(milliseconds: float | bytes) -> float | None:
    """Return a timestamp in Unix milliseconds as Unix seconds; `None` for anything else."""
    try:
        seconds = float(milliseconds) / 1000
    except ValueError:
        return None
    return seconds if is_timestamp(seconds) else None


def is_timestamp(seconds: float) -> bool:
    """Return whether a number of Unix seconds is a date that a calendar knows."""
    return math.isfinite(seconds) and 0 <= seconds <= LATEST


def document_of(value: bytes) -> Any:
    """Return the value of a JSON text; `None` for anything else."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def destination_of(key: str) -> Destination | None:
    """Return the destination that a key names; `None` if it names none."""
    try:
        return Destination.from_key(key)
    except InvalidDestination:
        return None


def is_wrong_type(reply: object) -> bool:
    """Return whether a reply says that a key has another type than ours."""
    return isinstance(reply, ResponseError) and WRONG_TYPE in str(reply)


@dataclass(slots=True)
class Fields:
    """Reads fields, and remembers which were junk.

    Attributes:
        junk: places of junk, as `key` or `key: field`.
    """

    junk: list[str] = field(default_factory=list)

    def whole(self, place: str, value: bytes | None) -> int:
        """Return a number; 0 if it is missing or junk."""
        found = 0 if value is None else whole_of(value)
        return self._or_junk(place, found) or 0

    def timestamp(self, place: str, milliseconds: float | bytes | None) -> float | None:
        """Return Unix seconds; `None` if they are missing or junk."""
        if milliseconds is None:
            return None
        found: float | None = self._or_junk(place, seconds_of(milliseconds))
        return found

    def numbers(self, place: str, values: Mapping[bytes, bytes]) -> dict[str, int]:
        """Return a hash of numbers, without the junk."""
        names = {text_of(name): value for name, value in values.items()}
        found = {name: self.whole(f"{place}: {name}", value) for name, value in names.items()}
        return {name: number for name, number in found.items() if number}

    def timestamps(self, place: str, scores: Iterable[tuple[bytes, float]]) -> dict[str, float]:
        """Return a sorted set of timestamps in milliseconds as Unix seconds, without the junk."""
        found = ((text_of(name), score) for name, score in scores)
        read = ((name, self.timestamp(f"{place}: {name}", score)) for name, score in found)
        return {name: timestamp for name, timestamp in read if timestamp is not None}

    def destinations(self, place: str, names: Iterable[bytes]) -> list[str]:
        """Return keys of destinations, without those that name none."""
        found = list(map(text_of, names))
        real = [name for name in found if destination_of(name) is not None]
        self.junk += (f"{place}: {name}" for name in sorted({*found}.difference(real)))
        return real

    def reply(self, place: str, reply: Any, instead: Any) -> Any:
        """Return a reply, or `instead` if the key has another type than ours.

        Raises:
            redis.RedisError: the reply is another error.
        """
        if is_wrong_type(reply):
            self.junk.append(place)
            return instead
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _or_junk(self, place: str, found: Any) -> Any:
        if found is None:
            self.junk.append(place)
        return found


def named(junk: Iterable[str]) -> Iterator[str]:
    """Return where junk was found: the first places, then how many more there are."""
    places = sorted(set(junk))
    yield from places[:NAMED]
    if len(places) > NAMED:
        yield f"and {len(places) - NAMED:,} more"

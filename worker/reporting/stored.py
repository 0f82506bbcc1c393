"""Reads what is stored in Redis: the one place where the bytes of a field become a value.

Whoever can reach the server can write anything into our keys, and a view has to work all the
same. What is not as we write it is junk: this module reads it as absent and says where it
stood, so that the view can name it.
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
"""The last second of the year 9999, Unix: the calendar of Python ends there."""

LARGEST: Final = 2**53
"""Beyond it a script of the server, whose numbers are doubles, could not count."""

NAMED: Final = 20
"""Places of junk that are named; the others are counted."""

WRONG_TYPE: Final = "WRONGTYPE"
_WHOLE: Final = re.compile(rb"-?\d{1,16}").fullmatch


def text_of(value: bytes) -> str:
    r"""Any bytes as text; what is no UTF-8 shows as `\xff`."""
    return value.decode(errors="backslashreplace")


def whole_of(value: bytes) -> int | None:
    """A whole number that scripts can count with; `None` when it is none."""
    number = int(value) if _WHOLE(value) else None
    return None if number is None or abs(number) > LARGEST else number


def seconds_of(milliseconds: float | bytes) -> float | None:
    """A timestamp in Unix milliseconds, in Unix seconds; `None` when it is none."""
    try:
        seconds = float(milliseconds) / 1000
    except ValueError:
        return None
    return seconds if is_timestamp(seconds) else None


def is_timestamp(seconds: float) -> bool:
    """Whether a number of Unix seconds is a date that a calendar knows."""
    return math.isfinite(seconds) and 0 <= seconds <= LATEST


def document_of(value: bytes) -> Any:
    """What JSON says; `None` when it is none."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def destination_of(key: str) -> Destination | None:
    """The destination that a key names; `None` when it names none."""
    try:
        return Destination.from_key(key)
    except InvalidDestination:
        return None


def is_wrong_type(reply: object) -> bool:
    """Whether a reply says that a key has another type than ours."""
    return isinstance(reply, ResponseError) and WRONG_TYPE in str(reply)


@dataclass(slots=True)
class Fields:
    """Reads fields, and remembers which were junk.

    Attributes:
        junk: places that were not as we write them, as `key`, or `key: field`.
    """

    junk: list[str] = field(default_factory=list)

    def whole(self, place: str, value: bytes | None) -> int:
        """A number; 0 when it is missing or junk."""
        found = 0 if value is None else whole_of(value)
        return self._or_junk(place, found) or 0

    def timestamp(self, place: str, milliseconds: float | bytes | None) -> float | None:
        """Unix seconds; `None` when they are missing or junk."""
        if milliseconds is None:
            return None
        found: float | None = self._or_junk(place, seconds_of(milliseconds))
        return found

    def numbers(self, place: str, values: Mapping[bytes, bytes]) -> dict[str, int]:
        """A hash of numbers, without the junk."""
        names = {text_of(name): value for name, value in values.items()}
        found = {name: self.whole(f"{place}: {name}", value) for name, value in names.items()}
        return {name: number for name, number in found.items() if number}

    def timestamps(self, place: str, scores: Iterable[tuple[bytes, float]]) -> dict[str, float]:
        """Read a sorted set of timestamps in milliseconds as Unix seconds; junk is left out."""
        found = ((text_of(name), score) for name, score in scores)
        read = ((name, self.timestamp(f"{place}: {name}", score)) for name, score in found)
        return {name: timestamp for name, timestamp in read if timestamp is not None}

    def destinations(self, place: str, names: Iterable[bytes]) -> list[str]:
        """Keys of destinations, without what names none."""
        found = list(map(text_of, names))
        real = [name for name in found if destination_of(name) is not None]
        self.junk += (f"{place}: {name}" for name in sorted({*found}.difference(real)))
        return real

    def reply(self, place: str, reply: Any, instead: Any) -> Any:
        """A reply; `instead` where the key has another type than ours.

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
    """Say where junk was found: the first places, then how many more there are."""
    places = sorted(set(junk))
    yield from places[:NAMED]
    if len(places) > NAMED:
        yield f"and {len(places) - NAMED:,} more"

"""Record what was done to an event beside hashing: keys read under another name, values left out.

The producer logs a remark once for each place and reason. The remark travels with the event under
``REMARKS``, so that a worker can count it in Redis when the event ends. A plain event has none, at
no cost.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tiktok_events.event.key_names import USER_KEYS

log = logging.getLogger("tiktok_events")

REMARKS: Final = "_remarks"
"""The key of a stored event that holds path → counter. It is never sent."""

MOST_REMARKS: Final = 20
"""How many remarks an event may carry; further ones are dropped."""

JSON: Final = "json"
WAS_JSON: Final = "It is JSON in a text: it is read as what it says."

_REMEMBERED: Final = 1_000
"""How many remarks a process logs before it falls silent: nobody reads on after so many."""

_PATH_CHARS: Final = 100
_shows_nobody: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,40}").fullmatch
_is_counter: Final = re.compile(
    r"junk|(?:left_out|read_as):[a-z_.]{1,40}(?::[a-z_]{1,30})?"
).fullmatch
_said: Final[set[tuple[str, str]]] = set()
"""What this process has logged already: all of its clients write into one log."""


class Reason(StrEnum):
    """Why a value was left out; the enum's value is a sentence for people."""

    JUNK = "It is a word for nothing or a placeholder, the same for many people."
    NOTHING = "Nothing usable is in it."
    UNKNOWN_KEY = "TikTok knows no such key of user; a setting, USER_KEYS, lets one pass."
    WRONG_TYPE = "A match key is a text, and this is something else."
    NO_ADDRESS = "It is not an e-mail address."
    NO_TEXT = "It is an object where a text is meant."
    NO_KEY = "API 2.0 has no such key."
    PERSONAL = "It is personal, and TikTok has no key for it."
    MISPLACED = "A match key does not belong here, and user has none to take it or has its own."
    ADDRESS = "It holds an e-mail address, a phone number, or JSON that names a person."
    PARAMETER = (
        "What names a person in a URL, or holds an e-mail address or phone number, is taken out."
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark; it holds no value of the event.

    Attributes:
        path: dotted path of the place.
        counter: name of the counter: ``junk``, ``left_out:<key>:<reason>``, ``read_as:<key>``.
        text: the remark as a sentence.
    """

    path: str
    counter: str
    text: str

    @classmethod
    def left_out(cls, path: str, key: str, reason: Reason) -> Remark:
        """Return the remark that something is not sent; ``key`` is a match key or another word."""
        counter = "junk" if reason is Reason.JUNK else f"left_out:{key}:{reason.name.lower()}"
        return cls(path, counter, f"It is left out. {reason.value}")

    @classmethod
    def parameters_left_out(cls, path: str) -> Remark:
        """Return the remark that a URL is sent without parameters that identify a person."""
        counter = f"left_out:url:{Reason.PARAMETER.name.lower()}"
        return cls(path, counter, Reason.PARAMETER.value)

    @classmethod
    def read_as(cls, path: str, key: str) -> Remark:
        """Return the remark that a value was taken as that of another key."""
        place = f"user.{key}" if key in USER_KEYS else key
        return cls(path, f"read_as:{key}", f"It is read as {place}.")

    @classmethod
    def opened(cls, path: str) -> Remark:
        """Return the remark that a text was JSON, and was decoded."""
        return cls(path, f"read_as:{JSON}", WAS_JSON)


Remarks = list[Remark]


def sentence_of(counter: str) -> str:
    """Return the sentence for a counter that travels with an event."""
    what, _, rest = counter.partition(":")
    if counter == f"read_as:{JSON}":
        return WAS_JSON
    if what == "read_as":
        return Remark.read_as("", rest).text
    name = "JUNK" if what == "junk" else rest.rpartition(":")[2].upper()
    why = Reason.__members__.get(name)
    return f"It is left out. {why.value}" if why else "It is left out: it cannot be read safely."


def shown(key: object) -> str:
    """Return a key as a path may show it: what could be an address or a number is hidden."""
    return key if isinstance(key, str) and _shows_nobody(key) else "<key>"


def say(remarks: Iterable[Remark]) -> None:
    """Log each remark that this process has not made yet."""
    for remark in remarks:
        mark = (remark.path, remark.counter)
        if mark not in _said and len(_said) < _REMEMBERED:
            _said.add(mark)
            log.warning("a field of an event was changed: %s: %s", remark.path, remark.text)


def noted(remarks: Iterable[Remark], before: object) -> dict[str, str]:
    """Return the counters that the event is to carry, with those that it already carries."""
    known = dict(before) if isinstance(before, Mapping) else {}
    known.update((remark.path[:_PATH_CHARS], remark.counter) for remark in remarks)
    return dict(list(known.items())[:MOST_REMARKS])


def without_remarks(event: Any) -> Any:
    """Return a stored event as it is sent, without its remarks."""
    if isinstance(event, dict) and REMARKS in event:
        return {key: value for key, value in event.items() if key != REMARKS}
    return event


def counters_of(event: Any) -> Iterator[str]:
    """Return the counters of a stored event, which anybody may have written."""
    travelling = event.get(REMARKS) if isinstance(event, dict) else None
    if isinstance(travelling, dict):
        for counter in list(travelling.values())[:MOST_REMARKS]:
            if isinstance(counter, str) and _is_counter(counter):
                yield counter

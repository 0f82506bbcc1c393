"""Find the one safe reading of a value that its field does not take as it is.

The worker mends events by these readings, and `validate` uses them to tell what the worker would
mend, so the two agree. A value without a reading is left out of its event, or ends the event where
nothing can be sent without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tiktok_events.event.amount import read_amount
from tiktok_events.event.ip import read_address
from tiktok_events.event.likeness import bare, resembled, with_hint
from tiktok_events.event.money import LARGEST_AMOUNT
from tiktok_events.event.times import read_time

BLANKS: Final = "had blanks around it: it is sent without them"
WAS_AMOUNT: Final = "was an amount as people write it: it is sent as a plain number"
FRACTION: Final = "is not a whole number: it is sent as it is"
WAS_ROUTE: Final = "held more than the visitor's address: the address alone is sent"
WAS_SIGN: Final = "was a currency's sign: it is sent as its code"
WAS_CUT: Final = "was longer than {:,} characters: it is cut there"
WAS_SPELT: Final = "was spelt differently: it is sent as {}"
WAS_WORD: Final = "was a word: it is sent as true or false"
TAKEN_AS_YES: Final = "is neither true nor false: it is sent as true, so that no limit is lost"
NAME_OUTSIDE: Final = "is no name as TikTok's rules want it: it is sent as it is"
WAS_EMPTY: Final = "was empty: it is left out"
WAS_IN_ARRAY: Final = "was an array of one object: it is sent as the object"

NAME_CHARS: Final = 256
"""Longest event name that is still read although it follows no rule; our own limit."""

_WORD_CHARS: Final = 256
_has_control: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search
_is_custom: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}").fullmatch
_is_page: Final = re.compile(r"https?://[^\s/?#]", re.IGNORECASE).match
_is_code: Final = re.compile(r"[A-Za-z]{3}").fullmatch
_FLAGS: Final[Mapping[str, bool]] = MappingProxyType(
    {"true": True, "yes": True, "y": True, "on": True, "1": True}
    | {"false": False, "no": False, "n": False, "off": False, "0": False}
)


class Reading(NamedTuple):
    """What is sent (``None`` for nothing), and what people are told; the text holds no value."""

    value: Any
    sentence: str


def read(kind: str, value: Any, options: Sequence[Any] = ()) -> Reading | None:
    """Return the only safe reading of ``value``, or ``None`` where there is none, or several.

    Args:
        kind: a key of `READINGS`.
        value: what the field refused.
        options: what the field allows: the words of a closed list, or the length of a text.
    """
    return READINGS[kind](value, options)


def readable_name(value: Any) -> str | None:
    """Return an event's name without outer blanks, or ``None`` if it cannot be read."""
    name = value.strip() if isinstance(value, str) else ""
    return name if name and len(name) <= NAME_CHARS and not _has_control(name) else None


def _name(value: Any, options: Sequence[Any]) -> Reading | None:
    """Read a name that has outer blanks, or that TikTok's rules for names do not allow."""
    name = readable_name(value)
    if name is None:
        return None
    if name in options or _is_custom(name):
        return Reading(name, BLANKS)
    return Reading(name, with_hint(NAME_OUTSIDE, resembled(name, options)))


def _url(value: Any, options: Sequence[Any]) -> Reading | None:
    url = value.strip() if isinstance(value, str) else ""
    fits = url != value and len(url) <= options[0] and _is_page(url) and not _has_control(url)
    return Reading(url, BLANKS) if fits else None


def _cut(value: Any, options: Sequence[Any]) -> Reading | None:
    longest = int(options[0])
    if not isinstance(value, str) or len(value) <= longest:
        return None
    cut = value[:longest].strip()
    return None if not cut or _has_half_character(cut) else Reading(cut, WAS_CUT.format(longest))


def _has_half_character(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _currency(value: Any, _options: Sequence[Any]) -> Reading | None:
    code = value.strip() if isinstance(value, str) else ""
    if code == "€":
        return Reading("EUR", WAS_SIGN)
    return Reading(code.upper(), BLANKS) if _is_code(code) and code != value else None


def _choice(value: Any, options: Sequence[Any]) -> Reading | None:
    """Read a word of a closed list, whatever stands around it and between its parts."""
    if not isinstance(value, str) or len(value) > _WORD_CHARS:
        return None
    meant = next((option for option in options if bare(option) == bare(value)), None)
    return Reading(meant, WAS_SPELT.format(meant)) if meant else None


def _flag(value: Any, _options: Sequence[Any]) -> Reading | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return Reading(_FLAGS[word], WAS_WORD) if word in _FLAGS else None


def _limit(value: Any, options: Sequence[Any]) -> Reading:
    """Read a limit in words we do not know as a limit all the same."""
    return _flag(value, options) or Reading(value=True, sentence=TAKEN_AS_YES)


def _amount(value: Any, _options: Sequence[Any]) -> Reading | None:
    amount = read_amount(value) if isinstance(value, str) else None
    return None if amount is None else Reading(amount, WAS_AMOUNT)


def _count(value: Any, options: Sequence[Any]) -> Reading | None:
    found = _amount(value, options)
    whole = found is not None and found.value == int(found.value)
    return Reading(int(found.value), WAS_AMOUNT) if found and whole else None


def _quantity(value: Any, options: Sequence[Any]) -> Reading | None:
    """Read a quantity, which may be a fraction: some goods are sold by weight."""
    if isinstance(value, str):
        return _amount(value, options)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = is_number and -LARGEST_AMOUNT <= value <= LARGEST_AMOUNT
    return Reading(value, FRACTION) if fits else None


def _address(value: Any, _options: Sequence[Any]) -> Reading | None:
    address = read_address(value) if isinstance(value, str) else None
    return None if address is None else Reading(address, WAS_ROUTE)


def _time(value: Any, _options: Sequence[Any]) -> Reading | None:
    found = read_time(value)
    return Reading(found.seconds, found.sentence) if found else None


def _object(value: Any, _options: Sequence[Any]) -> Reading | None:
    """Read an array of one object as that object, and PHP's empty array as an empty object."""
    if value in ("", []):
        return Reading(None, WAS_EMPTY)
    alone = isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping)
    return Reading(value[0], WAS_IN_ARRAY) if alone else None


READINGS: Final[Mapping[str, Callable[[Any, Sequence[Any]], Reading | None]]] = MappingProxyType(
    {
        "address": _address,
        "amount": _amount,
        "choice": _choice,
        "count": _count,
        "currency": _currency,
        "cut": _cut,
        "flag": _flag,
        "limit": _limit,
        "name": _name,
        "object": _object,
        "quantity": _quantity,
        "time": _time,
        "url": _url,
    }
)
"""How each kind of field reads a value that it refused; the JSON Schema names them too."""

"""Read usual numbers by the library's own steps and data, in a tenth of its time.

The library (``phonenumbers``, a port of Google's libphonenumber) reads any text; shops' numbers are
digits with blanks, brackets, dots and dashes, and for these its steps are few: take the country
code off, take the national prefix off, look at the length and the patterns. Its data stand in
``phone_table.json``, which ``make phone-table`` writes; a test holds it fresh, and another holds
the results equal to the library's over all regions.

Source: https://github.com/google/libphonenumber, ``phonenumberutil`` (read 2026-11-30).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

FILE: Final = files("tiktok_events.event").joinpath("phone_table.json")

Matches: TypeAlias = Callable[[str], object]

_is_clean: Final = re.compile(r"\+?[ (]*[0-9][0-9 ().-]*", re.ASCII).fullmatch
_LONGEST_TEXT: Final = 40
_SHORTEST: Final = 2
_LONGEST: Final = 17
_FEWEST_CLEAN: Final = 4
"""In digits; a shorter text may be no number, or a local one, and only the library knows."""


class Length(NamedTuple):
    """How many digits there may be in a whole number, and in one without its area code."""

    whole: frozenset[int]
    local: frozenset[int]

    def is_possible(self, number: str) -> bool:
        """Return whether a whole number may have so many digits."""
        return len(number) in self.whole and len(number) not in self.local

    def is_too_long(self, number: str) -> bool:
        """Return whether no number has so many digits."""
        return len(number) > max(self.whole) and len(number) not in self.local


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbering plan of a region.

    Attributes:
        code: the country code.
        exit_code: the prefix of international calls.
        prefix: the prefix of national calls; ``None`` where there is none.
        rewritten: what replaces the prefix, where more than a prefix is removed.
        leading: how numbers of this region begin, where regions share a country code.
        general: what a national number looks like.
        length: the possible lengths of a number.
        kinds: the lengths and the pattern of each kind of number.
    """

    code: str
    exit_code: re.Pattern[str] | None
    prefix: re.Pattern[str] | None
    rewritten: str | None
    leading: re.Pattern[str] | None
    general: Matches
    length: Length
    kinds: tuple[tuple[frozenset[int], Matches], ...]

    def without_prefix(self, number: str) -> str:
        """Return a number without its national prefix, unless it is a number only with it."""
        match = self.prefix.match(number) if self.prefix and number else None
        if match is None:
            return number
        if self.rewritten is None or match[match.re.groups] is None:
            less = number[match.end() :]
        else:
            less = match.expand(self.rewritten) + number[match.end() :]
        return number if self.general(number) and not self.general(less) else less

    def is_kind(self, number: str) -> bool:
        """Return whether numbers like this are in use in the region."""
        if not self.general(number):
            return False
        for lengths, fits in self.kinds:  # noqa: SIM110 — because any() takes twice the time
            if len(number) in lengths and fits(number):
                return True
        return False


class Read(NamedTuple):
    """A number: its country code, empty if no country has it, and the digits after it."""

    code: str
    number: str

    @property
    def is_possible(self) -> bool:
        """Return whether its country has numbers of that length."""
        return _main_plan(self.code).length.is_possible(self.number)

    @property
    def is_valid(self) -> bool:
        """Return whether numbers like this are in use."""
        regions = _regions()[self.code]
        for region in regions:
            plan = plan_of(region)
            if plan.leading and len(regions) > 1:
                if plan.leading.match(self.number):
                    return plan.is_kind(self.number)
            elif plan.is_kind(self.number):
                return True
        return False


def read_cleanly(text: str, region: str | None) -> Read | None:
    """Return the number that the library would read.

    Args:
        text: a number with or without its plus sign.
        region: the region of national numbers.

    Returns:
        ``None`` for what only the library can read, or refuse with its reason.
    """
    if len(text) > _LONGEST_TEXT or not _is_clean(text):
        return None
    digits = _digits(text)
    if len(digits) < _FEWEST_CLEAN:
        return None
    if text[0] == "+":
        # With a region the library tries once more, without the plus sign.
        is_nowhere = region is None and not _code_of(digits)
        return Read("", digits) if is_nowhere else _international(digits)
    return None if region is None else _national(digits, plan_of(region))


def _digits(text: str) -> str:
    """Remove the signs that a clean text may have; a pattern would take three times as long."""
    for sign in "+ -().":
        if sign in text:
            text = text.replace(sign, "")
    return text


def _international(digits: str) -> Read | None:
    code = _code_of(digits)
    return _finished(code, digits[len(code) :], _main_plan(code)) if code else None


def _code_of(digits: str) -> str:
    codes = _regions()
    for code in (digits[:1], digits[:2], digits[:3]):
        if code in codes:
            return code
    return ""


def _national(digits: str, plan: Plan) -> Read | None:
    dialled = plan.exit_code.match(digits) if plan.exit_code else None
    if dialled and digits[dialled.end() : dialled.end() + 1] != "0":
        return _international(digits[dialled.end() :])
    if digits.startswith(plan.code):
        less = plan.without_prefix(digits[len(plan.code) :])
        is_own = not plan.general(digits) and plan.general(less)
        if is_own or plan.length.is_too_long(digits):
            return _finished(plan.code, less, _main_plan(plan.code))
    return _finished(plan.code, digits, plan)


def _finished(code: str, number: str, plan: Plan) -> Read | None:
    less = plan.without_prefix(number)
    if plan.length.is_possible(less) or plan.length.is_too_long(less):
        number = less
    return Read(code, number) if _SHORTEST <= len(number) <= _LONGEST else None


@cache
def _table() -> Mapping[str, Any]:
    table: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return table


@cache
def _regions() -> dict[str, list[str]]:
    """Country code → its regions, the main one first."""
    regions: dict[str, list[str]] = {}
    for region, entry in _table().items():
        regions.setdefault(entry["code"], []).append(region)
    return regions


def _main_plan(code: str) -> Plan:
    return plan_of(_regions()[code][0])


@cache
def plan_of(region: str) -> Plan:
    """Return the plan of a region of the table; the cache holds as many as there are countries."""
    entry = _table()[region]
    return Plan(
        code=entry["code"],
        exit_code=_compiled(entry.get("exit")),
        prefix=_compiled(entry.get("prefix")),
        rewritten=entry.get("rewritten"),
        leading=_compiled(entry.get("leading")),
        general=re.compile(entry["general"]).fullmatch,
        length=Length(frozenset(entry["lengths"]), frozenset(entry.get("local", ()))),
        kinds=tuple(
            (frozenset(lengths), re.compile(pattern).fullmatch)
            for lengths, pattern in entry["kinds"]
        ),
    )


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None

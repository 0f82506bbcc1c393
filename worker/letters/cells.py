"""Write cells so that a spreadsheet returns them as they were, or at least recognisably.

A spreadsheet calculates what looks like a formula, rounds long numbers, drops leading zeros and
makes dates of `3-1`; the saved table holds the result. A quote before such a text makes the
spreadsheet leave it alone.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import isclose
from typing import Any, Final

import orjson

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")
"""A spreadsheet would calculate a text that begins so; a quote before it prevents that.

Source: OWASP ASVS 5.0, requirement 1.2.10 (read 2026-11-22).
"""

QUOTE: Final = "'"

EXACT_DIGITS: Final = 11
"""Longer numbers are shown, and saved, as 1.23457E+11."""

_DAY: Final = r"(0?[1-9]|[12]\d|3[01])"
_DATES: Final = (
    rf"{_DAY}[-/.]{_DAY}\.?|{_DAY}[-/.](\d\d|\d{{4}})|\d{{1,4}}[-/.]\d\d?[-/.]\d{{1,4}}.*"
)
_MANGLED: Final = re.compile(
    rf"0\d+|\d{{{EXACT_DIGITS + 1},}}|\d+([.,]\d+)?[eE][+-]?\d+|{_DATES}|\d+:\d+.*", re.ASCII
)
_POWER: Final = re.compile(r"\d+([.,]\d*)?[eE]\+?\d{1,3}", re.ASCII)
YES_NO: Final = frozenset({"true", "false"})
_WORDS: Final = {"wahr": "true", "falsch": "false", "vrai": "true", "faux": "false"}


def cell_of(value: Any, decimal: str = ".") -> str:
    """Return a value as it is written.

    Args:
        value: a value of an event or a letter; `None` for nothing.
        decimal: the decimal sign.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace(".", decimal)
    if isinstance(value, int) and not isinstance(value, bool):
        return guarded(str(value)) if abs(value) >= 10**EXACT_DIGITS else str(value)
    return orjson.dumps(value).decode()


def guarded(text: str) -> str:
    """Return a text that no spreadsheet calculates, rounds or takes for a date."""
    return f"{QUOTE}{text}" if text.startswith(FORMULA) or _MANGLED.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell that a spreadsheet has saved."""
    text = cell.strip()
    bare = text.removeprefix(QUOTE)
    return bare if guarded(bare) != bare else text


def is_same(written: str, found: str) -> bool:
    """Return whether a saved cell says what was written, in spite of what a spreadsheet does.

    Args:
        written: text from `cell_of`.
        found: text in the saved table.
    """
    one, other = unguarded(written), unguarded(found)
    if _plain(one) == _plain(other):
        return True
    return one.isdigit() and is_rounded(other) and isclose(float(one), _float(other), rel_tol=1e-5)


def is_rounded(text: str) -> bool:
    """Return whether a spreadsheet has written a number as a power of ten."""
    return _POWER.fullmatch(text) is not None


def _plain(text: str) -> str:
    """Return a text in one notation: without leading zeros, yes and no in English."""
    low = text.lower()
    return low.lstrip("0") if low.isdigit() else _WORDS.get(low, low if low in YES_NO else text)


def _float(text: str) -> float:
    return float(text.replace(",", "."))

"""Regular expressions of the JSON Schema, in the part of their language that all engines share."""

from __future__ import annotations

import re
from collections.abc import Iterator


def optional(pattern: str) -> str:
    """Return the pattern for the whole text, which may be empty too."""
    return f"^(?:{pattern})?$"


def in_any_case(word: str) -> str:
    """Return a pattern for the ASCII word in capitals, small letters, or both."""
    return "".join(
        f"[{char.upper()}{char.lower()}]" if char.isalpha() else re.escape(char) for char in word
    )


def digits_between(low: int, high: int) -> str:
    """Return a pattern for the numbers from low to high; low has one digit less than high."""
    first, last = str(low), str(high)
    assert len(first) + 1 == len(last)
    return "|".join([first, *_above(first), *_below(last), last])


def _above(digits: str) -> Iterator[str]:
    """Yield patterns for larger numbers of the same length."""
    for at, digit in enumerate(digits):
        if digit < "9":
            yield f"{digits[:at]}[{int(digit) + 1}-9]{_any(len(digits) - at - 1)}"


def _below(digits: str) -> Iterator[str]:
    """Yield patterns for smaller numbers of the same length, without a leading zero."""
    for at, digit in enumerate(digits):
        least = "0" if at else "1"
        if digit > least:
            yield f"{digits[:at]}[{least}-{int(digit) - 1}]{_any(len(digits) - at - 1)}"


def _any(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""

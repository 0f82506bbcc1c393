"""Read an amount as people write it, if it stands for one number only."""

from __future__ import annotations

import re
from typing import Final

from tiktok_events.event.money import LARGEST_AMOUNT

_CHARS: Final = 40
_BEFORE_THREE_DIGITS: Final = re.compile(r"(?<=[0-9])[\s'\u2019](?=[0-9]{3}(?![0-9]))")
_PLAIN: Final = re.compile(
    r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?"
)
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*")
_is_digits: Final = re.compile(r"[0-9]+").fullmatch
_may_lead_a_group: Final = re.compile(r"[1-9][0-9]{0,2}").fullmatch
_GROUP_CHARS: Final = 3


def read_amount(text: str) -> int | float | None:
    """Return the number that ``text`` stands for; ``None`` where it has several readings or none.

    A comma before exactly three digits may be for thousands or decimals: ``1,234`` has two
    readings; ``1,234.50``, ``59,98``, ``1,234,567`` and ``1 234`` have one. A plain JSON number,
    such as ``1.234``, is read as JSON reads it. A text with a currency's sign or code has no
    reading.
    """
    if len(text) > _CHARS:
        return None
    digits = _BEFORE_THREE_DIGITS.sub("", text.strip())
    plain = digits if _PLAIN.fullmatch(digits) else _without_groups(digits)
    if plain is None or not _PLAIN.fullmatch(plain):
        return None
    number = float(plain) if set(plain) & set(".eE") else int(plain)
    return number if -LARGEST_AMOUNT <= number <= LARGEST_AMOUNT else None


def _without_groups(digits: str) -> str | None:
    """Return the number with a dot before its decimals and nothing between its thousands."""
    sign, unsigned = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, mark, decimals = _parted(unsigned)
    if not _is_digits(decimals):
        return None
    if mark in whole:  # twice: a decimal mark stands once
        return sign + unsigned.replace(mark, "") if _GROUPED.fullmatch(unsigned) else None
    if grouped := _GROUPED.fullmatch(whole):
        return f"{sign}{whole.replace(grouped[1], '')}.{decimals}"
    if len(decimals) == _GROUP_CHARS and _may_lead_a_group(whole):
        return None
    return f"{sign}{whole}.{decimals}" if _is_digits(whole) else None


def _parted(digits: str) -> tuple[str, str, str]:
    """Split at the last comma or dot."""
    return digits.rpartition("," if digits.rfind(",") > digits.rfind(".") else ".")

"""An amount and its currency, which mean nothing apart."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from tiktok_events.errors import InvalidEvent
from tiktok_events.types.amounts import Amount

LARGEST_AMOUNT: Final = 10**15
"""From here on, a float cannot represent cents."""

_is_code: Final = re.compile(r"[A-Z]{3}").fullmatch


@dataclass(frozen=True, slots=True)
class Money:
    """The total value of an event: `Money(59.98, "EUR")`.

    TikTok counts a value only with its currency, and documents no negative value: a refund is no
    event.

    Source: https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).

    Attributes:
        amount: the total, from 0 up, in the currency's main unit: euros, not cents.
        currency: ISO 4217 code in upper case.

    Raises:
        InvalidEvent: the amount or the currency is not as described.
    """

    amount: Amount
    currency: str

    def __post_init__(self) -> None:
        if not is_amount(self.amount):
            raise InvalidEvent("must be a number from 0 up, such as 59.98", path="properties.value")
        if not _is_currency(self.currency):
            raise InvalidEvent(
                "must be an upper-case ISO 4217 code, such as EUR", path="properties.currency"
            )


def is_amount(value: object) -> bool:
    """Return whether the value is a finite number from 0 up that keeps its cents."""
    if isinstance(value, bool) or not isinstance(value, Amount):
        return False
    return math.isfinite(value) and 0 <= value <= LARGEST_AMOUNT


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and _is_code(value) is not None

"""Amounts and counts, and the currency they are in."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import ValidationError

from schemas import catalogue
from schemas.fields import DOUBT, EventField
from schemas.finding import Finding, Kind, Noted
from schemas.limits import AMOUNT
from tiktok_events.event.readings import WAS_EMPTY

NOT_A_NUMBER: Final = "must be a number without symbol or separator, such as 59.98"
NOT_WHOLE: Final = "must be a whole number, such as 2"
NOT_A_CURRENCY: Final = "must be a three-letter ISO 4217 code, such as EUR"
NEGATIVE: Final = "is negative: TikTok documents no refunds"
CONVERTED: Final = "was not a plain JSON number: it is sent as one"

_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_CODE: Final = re.compile(r"[A-Za-z]{3}")


class Number(EventField):
    """An amount; TikTok wants no symbol, letter or comma in it.

    Source: https://ads.tiktok.com/help/article/about-parameters (read 2026-11-22).
    """

    refusal = NOT_A_NUMBER
    reading = "amount"

    def take(self, value: Any) -> Any:
        """Take a JSON number from 0 up; no comparison holds for NaN."""
        kind = type(value)
        return value if (kind is float or kind is int) and 0 <= value <= AMOUNT else DOUBT

    def mend(self, value: Any) -> Any:
        """Read a numeric string; keep a negative number, with a warning."""
        if value == "":
            return self.drop(WAS_EMPTY)
        number = self.read(value)
        findings = []
        if type(number) is not type(value):
            findings.append(Finding("", CONVERTED, Kind.MENDED))
        if number < 0:
            findings.append(Finding("", NEGATIVE))
        return Noted(number, tuple(findings))

    def read(self, value: Any) -> int | float:
        """Return the number that ``value`` stands for.

        Raises:
            ValidationError: it stands for none, or for one out of bounds.
        """
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value) if "." in value else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(self.refusal)
        if not -AMOUNT <= value <= AMOUNT:
            raise ValidationError(self.refusal)
        return value


class Count(Number):
    """A whole number."""

    refusal = NOT_WHOLE
    reading = "count"

    def take(self, value: Any) -> Any:
        """Take a JSON integer from 0 up."""
        return value if type(value) is int and 0 <= value <= AMOUNT else DOUBT

    def read(self, value: Any) -> int:
        """Return the whole number that ``value`` stands for.

        Raises:
            ValidationError: it has a fraction, or stands for no number.
        """
        number = super().read(value)
        if number != int(number):
            raise ValidationError(self.refusal)
        return int(number)


class Quantity(Count):
    """How many of a content; some goods are sold by weight, and nobody has seen that refused.

    Source: the tests of https://github.com/rudderlabs/rudder-transformer and the template of
    https://github.com/tiktok/gtm-template-eapi (read 2026-11-30).
    """

    reading = "quantity"


class Currency(EventField):
    """The currency of ``value`` and ``price``; TikTok documents upper-case codes.

    Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969 (read 2026-11-22).
    """

    reading = "currency"

    def take(self, value: Any) -> Any:
        """Take a code of TikTok's list."""
        return value if type(value) is str and value in catalogue.CURRENCIES else DOUBT

    def mend(self, value: Any) -> Any:
        """Write the code in upper case; keep one that TikTok does not list."""
        if value == "":
            return self.drop(WAS_EMPTY)
        if not isinstance(value, str) or not _CODE.fullmatch(value):
            raise ValidationError(NOT_A_CURRENCY)
        return Noted(value.upper(), tuple(_currency_remarks(value)))


def _currency_remarks(code: str) -> list[Finding]:
    remarks = []
    if not code.isupper():
        upper = "was not upper-case: it is sent in upper case"
        remarks.append(Finding("", upper, Kind.MENDED))
    if code.upper() not in catalogue.CURRENCIES:
        remarks.append(Finding("", "is not in TikTok's list of currencies: it is sent as it is"))
    return remarks

"""Read a cell of a table as the value of its field, as programs that write tables meant it.

A cell with two readings, as an amount or as a time, is refused, and the message names the option
that decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from schemas.values import BadValue, FieldPath
from worker.files.columns import event_name
from worker.files.items import is_item, parts_of
from worker.files.moments import Order, read_moment

ABSENT: Final = object()
"""The value of an empty cell."""

_OF_DATABASES: Final = ("\\N", "NULL", "null", "(null)", "<null>", "[NULL]", "[null]")
_OF_PANDAS: Final = ("NaN", "nan", "NaT", "<NA>", "None")
_OF_EXCEL: Final = ("#N/A", "#REF!", "#VALUE!")
_NOTHING: Final = frozenset((*_OF_DATABASES, *_OF_PANDAS, *_OF_EXCEL))
"""What programs write for no value; in these spellings only, as people are called Null."""

_IDS: Final = frozenset(
    (
        "event_id",
        "event_source_id",
        "user.external_id",
        "user.phone",
        "properties.order_id",
        "properties.shop_id",
        "lead.lead_id",
        "properties.contents.content_id",
    )
)
_DECIDES: Final = frozenset(("event_id", "event_source_id"))
"""Fields that two conversions must not share, and that must be exact."""

_FLOAT: Final = re.compile(r"(\+?\d{1,15})[.,]0")
_ROUNDED: Final = re.compile(r"\d{16,}\.0+|\d([.,]\d+)?[eE]\+?\d+")
_NOISE: Final = re.compile(r"-?\d{1,12}\.\d{16,99}", re.ASCII)
"""Decimals that a sum of binary numbers can have: 0.30000000000000004."""

_SIGN: Final = {",": ".", ".": ","}
"""Decimal sign → thousands separator."""

ROUNDED: Final = (
    "was rounded by the program that wrote the table; format its column as text, and export again"
)
TWO_READINGS: Final = (
    "has two readings, with a decimal sign or with thousands; --decimal , or --decimal . decides"
)


@dataclass(frozen=True, slots=True)
class Locale:
    """How times and amounts are written.

    Attributes:
        time_zone: time zone of times that name none; `None` refuses them.
        decimal: `,` or `.`; `None` lets the table decide.
        dates: whether dates with slashes begin with the month or the day; `None` lets the table
            decide.
    """

    time_zone: tzinfo | None = None
    decimal: str | None = None
    dates: Order | None = None


class CellReader:
    """Reads the cells of one table.

    Args:
        locale: how times and amounts are written.
        delimiter: the table's delimiter: Excel writes a semicolon where the comma is the decimal
            sign.
        tell: is called, once per field, with what is left out.

    Attributes:
        dates: the order of dates with slashes, once it is known.
    """

    def __init__(self, locale: Locale, delimiter: str, tell: Callable[[str], None]) -> None:
        self._zone = locale.time_zone
        self.dates = locale.dates
        self._decimal = locale.decimal or ("," if delimiter == ";" else ".")
        self._group = _SIGN[self._decimal]
        self._grouped = re.compile(
            rf"-?\d{{1,3}}(\{self._group}\d{{3}})+(?P<rest>\{self._decimal}\d+)?", re.ASCII
        )
        self._comma = re.compile(r"-?\d+,\d+" if self._decimal == "," else r"(?!)")
        self._is_sure = locale.decimal is not None
        self._tell = tell
        self._told: set[str] = set()

    def read(self, field: FieldPath, cell: str) -> Any:
        """Return the value; `ABSENT` for none.

        Raises:
            BadValue: the cell is no value of the field, or has several readings.
        """
        text = cell.strip()
        if not text or text in _NOTHING:
            return ABSENT
        if field.dotted == "event_time":
            return read_moment(text, self._zone, self.dates)
        if field.dotted == "event":
            return event_name(text)
        if is_item(field):
            return [self._part(field, part) for part in parts_of(text)]
        return self._value(field, text)

    def _part(self, field: FieldPath, text: str) -> Any:
        """Return what a cell says of one product; `None` for nothing, or nothing readable."""
        value = ABSENT
        if text and text not in _NOTHING:
            with suppress(BadValue):
                value = self._value(field, text)
        return None if value is ABSENT else value

    def _value(self, field: FieldPath, text: str) -> Any:
        if field.dotted in _IDS:
            return self._id(field, text)
        return field.read(self.plain_number(text) if field.is_amount else text)

    def _id(self, field: FieldPath, text: str) -> Any:
        """Return an id, which pandas may have written as a float in a column with gaps."""
        if whole := _FLOAT.fullmatch(text):
            return field.read(whole[1])
        if field.dotted == "user.phone" or not _ROUNDED.fullmatch(text):
            return field.read(text)
        if field.dotted in _DECIDES:
            raise BadValue(ROUNDED)
        if field.dotted not in self._told:
            self._told.add(field.dotted)
            self._tell(f"{field.dotted} is left out where it {ROUNDED}")
        return ABSENT

    def plain_number(self, text: str) -> str:
        """Return the number with a point and without separators, if it is one.

        Raises:
            BadValue: the number has two readings.
        """
        if found := self._grouped.fullmatch(text):
            if not self._is_sure and not found["rest"] and text.count(self._group) == 1:
                raise BadValue(TWO_READINGS)
            return text.replace(self._group, "").replace(self._decimal, ".")
        if self._comma.fullmatch(text):
            return text.replace(",", ".")
        return f"{float(text):.12f}" if _NOISE.fullmatch(text) else text

"""Read a cell as Unix seconds.

A date with slashes may begin with the day or the month: an option decides, or its column, if that
has a day above the twelfth. Nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal, TypeAlias

from schemas.values import BadValue
from tiktok_events.event.times import is_plausible, read_date, read_time

Order: TypeAlias = Literal["us", "eu"]
"""Whether dates with slashes begin with the month or the day."""

_SECONDS: Final = re.compile(r"(\d{9,19})(\.\d+)?")
_CLOCK: Final = r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
_GERMAN: Final = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}){_CLOCK}", re.ASCII)
_SLASHES: Final = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}){_CLOCK}", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?=\s|\Z)", re.ASCII)

_SERIAL: Final = re.compile(r"\d{5}(?:[.,]\d{1,15})?", re.ASCII)
_EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 — its zone is the caller's
"""Source: https://support.microsoft.com/en-us/office/date-systems-in-excel-
e7fe7167-48a9-4b96-bb53-5612a800b487 (read 2026-11-30)."""

_SERIALS: Final = range(36_526, 73_051)
"""Matches years from 2000 to 2099."""

_MONTHS: Final = 12
_HALF_A_DAY: Final = 12

NO_ZONE: Final = "has no time zone; --time-zone says which, such as --time-zone Europe/Berlin"
NO_ORDER: Final = (
    "begins with its day or with its month, and no date of its column decides; "
    "--dates us says that the month comes first, --dates eu the day"
)
NOT_A_TIME: Final = (
    "must be Unix seconds, or a date such as 2026-01-31T14:05:00+01:00, or, with --time-zone, "
    "2026-01-31 14:05, 31.01.2026 14:05 or 01/31/2026 2:05 PM"
)


def order_of(cells: Iterable[str]) -> Order | None:
    """Return the order of a column's dates with slashes; `None` if they do not decide it."""
    found: set[Order] = set()
    for cell in cells:
        if date := _SLASHES.fullmatch(cell.strip()):
            first, second = int(date[1]) > _MONTHS, int(date[2]) > _MONTHS
            if first != second:
                found.add("eu" if first else "us")
    return found.pop() if len(found) == 1 else None


def read_moment(text: str, zone: tzinfo | None, order: Order | None = None) -> int:
    """Return the Unix seconds that a cell means.

    Args:
        text: a number in seconds or finer units, a date, or Excel's number for one.
        zone: time zone of dates that name none; of an hour that a clock shows twice, the first is
            meant.
        order: order of dates with slashes.

    Raises:
        BadValue: the cell is no time, or has no time zone.
    """
    if figures := _SECONDS.fullmatch(text):
        seconds = int(figures[1])
        finer = None if is_plausible(seconds) else read_time(seconds)
        return _checked(finer.seconds if finer else seconds)
    moment = _date(text, order)
    if moment is None:
        raise BadValue(NOT_A_TIME)
    if moment.tzinfo is None:
        if zone is None:
            raise BadValue(NO_ZONE)
        moment = moment.replace(tzinfo=zone)
    try:
        return _checked(math.floor(moment.timestamp()))
    except OverflowError:
        raise BadValue(NOT_A_TIME) from None


def _checked(seconds: int) -> int:
    if is_plausible(seconds):
        return seconds
    raise BadValue(NOT_A_TIME)


def _date(text: str, order: Order | None) -> datetime | None:
    if _SERIAL.fullmatch(text):
        return _of_excel(float(text.replace(",", ".")))
    if date := _GERMAN.fullmatch(text):
        return _moment(date[3], date[2], date[1], date)
    if date := _SLASHES.fullmatch(text):
        if order is None:
            raise BadValue(NO_ORDER)
        month, day = (date[1], date[2]) if order == "us" else (date[2], date[1])
        return _moment(date[3], month, day, date)
    return read_date(_YEAR_FIRST.sub(_with_dashes, text))


def _of_excel(days: float) -> datetime | None:
    """Return Unix seconds for Excel's days, whose fractions are times of day, to the second."""
    if int(days) not in _SERIALS:
        return None
    return _EXCEL_EPOCH + timedelta(seconds=round(days * 86_400))


def _with_dashes(date: re.Match[str]) -> str:
    return f"{date[1]}-{int(date[2]):02}-{int(date[3]):02}"


def _moment(year: str, month: str, day: str, date: re.Match[str]) -> datetime | None:
    hour, minute, second = (int(part or 0) for part in date.groups()[3:6])
    if half := date[7]:
        if not 1 <= hour <= _HALF_A_DAY:
            return None
        hour = hour % _HALF_A_DAY + (_HALF_A_DAY if half in "Pp" else 0)
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 — its zone is the caller's
    except ValueError:
        return None

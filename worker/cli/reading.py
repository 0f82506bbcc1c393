"""The options that say how a file of events is to be read, for each command that reads one."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from schemas.values import FieldPath
from worker.files.cells import Locale
from worker.files.moments import Order
from worker.files.reading import JSON_FORM, TABLE_FORM, Reading


def reading_options(command: Callable[..., None]) -> Any:
    """How FILE is to be read; the command gets a `reading`."""

    @wraps(command)
    def with_reading(
        *,
        form: str | None,
        columns: Mapping[str, str],
        encoding: str | None,
        time_zone: ZoneInfo | None,
        decimal: str | None,
        dates: Order | None,
        **given: Any,
    ) -> None:
        if columns and form == JSON_FORM:
            raise click.UsageError("--map is for tables: --format csv")
        reading = Reading(form, columns, encoding, Locale(time_zone, decimal, dates))
        command(reading=reading, **given)

    for option in reversed(_OPTIONS):
        with_reading = option(with_reading)
    return with_reading


def read_columns(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> dict[str, str]:
    """Callback of `--map`: field → column.

    Raises:
        click.BadParameter: it is no pair, or no field of an event.
    """
    columns: dict[str, str] = {}
    for one in given:
        field, column = pair(one)
        columns[field.dotted] = column
    return columns


def pair(given: str) -> tuple[FieldPath, str]:
    """The field and the text of `FIELD=…`.

    Raises:
        click.BadParameter: it is no pair, or no field of an event.
    """
    dotted, sign, value = given.partition("=")
    field = FieldPath.of(dotted.strip())
    if not sign or not value.strip() or field is None:
        raise click.BadParameter("give FIELD=…, such as user.email=… or properties.value=…")
    return field, value.strip()


def _read_encoding(
    _context: click.Context, _option: click.Parameter, given: str | None
) -> str | None:
    if given is None:
        return None
    try:
        b"a".decode(given)
        getincrementaldecoder(given)
    except (LookupError, ValueError):
        raise click.BadParameter(
            "give the name of an encoding, such as utf-8, utf-16 or windows-1252"
        ) from None
    return given


def _read_zone(
    _context: click.Context, _option: click.Parameter, given: str | None
) -> ZoneInfo | None:
    try:
        return None if given is None else ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            "give a time zone of the IANA database, such as Europe/Berlin or UTC"
        ) from None


_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=click.Choice([JSON_FORM, TABLE_FORM]),
        help="Format of FILE; by default told by its name and content.",
    ),
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        callback=read_columns,
        help="The column of a table that holds a field of the event. Repeatable.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        callback=_read_encoding,
        help="Encoding of FILE, such as windows-1250; by default told by its content.",
    ),
    click.option(
        "--time-zone",
        metavar="ZONE",
        callback=_read_zone,
        help="Time zone of times that name none, such as Europe/Berlin.",
    ),
    click.option(
        "--decimal",
        type=click.Choice([",", "."]),
        help="Decimal sign in a table; by default the comma where semicolons divide it.",
    ),
    click.option(
        "--dates",
        type=click.Choice(get_args(Order)),
        help="Dates with slashes: us for month/day, eu for day/month; by default told by a day "
        "above the 12th in the first 1,000 rows.",
    ),
)

"""What `tiktok-events send` is told: its options, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from schemas.values import BadValue, FieldPath
from worker.files.handover import SLICE
from worker.files.input_file import STANDARD_INPUT

AUTO: Final = "auto"
MAX: Final = "max"
JSON_FORM: Final = "ndjson"
TABLE_FORM: Final = "csv"
_TABLE_ENDINGS: Final = {".csv", ".tsv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call of the command.

    Attributes:
        file: a path, or `-`.
        strict: whether one refusal keeps all back.
        resume: whether to go on behind an earlier run.
        form: `ndjson` or `csv`; `None` leaves it to the name.
        columns: field → column of a table.
        values: fields that every event gets.
        event_source_id: of events that name none.
        rate: events a second, `auto` or `max`.
        errors: where refusals are written.
        as_json: whether programs read the output.
    """

    file: str
    strict: bool
    resume: bool
    form: str | None
    columns: Mapping[str, str]
    values: Sequence[tuple[FieldPath, Any]]
    event_source_id: str | None
    rate: str | float
    errors: Path | None
    as_json: bool

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            click.UsageError: options contradict each other.
        """
        if self.resume and self.file == STANDARD_INPUT:
            raise click.UsageError("standard input cannot be resumed; write it to a file first")
        if self.columns and not self.is_table:
            raise click.UsageError("--map is for tables: --format csv")
        if self.errors and self.errors.exists() and self.errors.samefile(_place(self.file)):
            raise click.UsageError("--errors names the file that is to be read")

    @property
    def is_table(self) -> bool:
        """Whether it is read as a table."""
        name = Path(self.file.lower().removesuffix(".gz"))
        named_so = name.suffix in _TABLE_ENDINGS or bool(self.columns)
        return self.form == TABLE_FORM or (self.form is None and named_so)

    @property
    def slice_entries(self) -> int:
        """Entries of one step; a slow pace takes small ones."""
        return SLICE if isinstance(self.rate, str) else max(1, min(SLICE, int(self.rate)))

    @property
    def makes(self) -> str:
        """What the events depend on beside the file: another order is another work."""
        values = [(field.dotted, value) for field, value in self.values]
        return repr((self.is_table, sorted(self.columns.items()), values))


def _place(file: str) -> Path:
    path = Path(file)
    return path if path.exists() else Path("/dev/null")


def read_columns(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> dict[str, str]:
    """Callback of `--map`: field → column.

    Raises:
        click.BadParameter: it is no pair, or no field of an event.
    """
    columns: dict[str, str] = {}
    for pair in given:
        field, column = _pair(pair)
        columns[field.dotted] = column
    return columns


def read_values(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> list[tuple[FieldPath, Any]]:
    """Callback of `--set`: fields and their values.

    Raises:
        click.BadParameter: it is no pair, no field of an event, or no value of it.
    """
    values = []
    for pair in given:
        field, text = _pair(pair)
        try:
            values.append((field, field.read(text)))
        except BadValue as error:
            raise click.BadParameter(f"{field.dotted} {error}") from error
    return values


def read_rate(_context: click.Context, _option: click.Parameter, given: str) -> str | float:
    """Callback of `--rate`: a word or a number.

    Raises:
        click.BadParameter: it is neither.
    """
    if given in {AUTO, MAX}:
        return given
    try:
        rate = float(given)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise click.BadParameter(f"give events a second, such as 500, or {AUTO}, or {MAX}")
    return rate


def _pair(given: str) -> tuple[FieldPath, str]:
    dotted, sign, value = given.partition("=")
    field = FieldPath.of(dotted.strip())
    if not sign or not value.strip() or field is None:
        raise click.BadParameter("give FIELD=…, such as user.email=… or properties.value=…")
    return field, value.strip()

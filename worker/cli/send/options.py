"""What `tiktok-events send` is told: its options, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from schemas.values import BadValue, FieldPath
from worker.cli.reading import pair
from worker.files.handover import SLICE
from worker.files.input_file import STANDARD_INPUT
from worker.files.reading import Reading

AUTO: Final = "auto"
MAX: Final = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call of the command.

    Attributes:
        file: a path, or `-`.
        strict: whether one refusal keeps all back.
        resume: whether to go on behind an earlier run.
        reading: how the file is to be read.
        now: whether events without a time happen now.
        values: fields that every event gets.
        event_source_id: of events that name none.
        rate: events a second, `auto` or `max`.
        errors: where refusals are written.
        as_json: whether programs read the output.
    """

    file: str
    strict: bool
    resume: bool
    reading: Reading
    now: bool
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
        if self.errors and self.errors.exists() and self.errors.samefile(_place(self.file)):
            raise click.UsageError("--errors names the file that is to be read")

    @property
    def slice_entries(self) -> int:
        """How many entries a step has; fewer when the pace is slow."""
        return SLICE if isinstance(self.rate, str) else max(1, min(SLICE, int(self.rate)))

    @property
    def makes(self) -> str:
        """What the events depend on beside the file: another order is another work."""
        values = [(field.dotted, value) for field, value in self.values]
        reading = self.reading
        how = (reading.form, reading.encoding, str(reading.locale), self.now)
        return repr((how, sorted(reading.columns.items()), values))


def _place(file: str) -> Path:
    path = Path(file)
    return path if path.exists() else Path("/dev/null")


def read_values(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> list[tuple[FieldPath, Any]]:
    """Callback of `--set`: fields and their values.

    Raises:
        click.BadParameter: it is no pair, no field of an event, or no value of it.
    """
    values = []
    for one in given:
        field, text = pair(one)
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

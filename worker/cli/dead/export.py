"""`tiktok-events dead export`: dead letters into a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import click

from worker.cli import options
from worker.cli.acting import acting
from worker.cli.labelled import labels
from worker.cli.store import open_store
from worker.cli.terminal import Bar, counted
from worker.letters.dead_letters import DeadLetters
from worker.letters.file import to_line
from worker.letters.filter import LetterFilter
from worker.letters.letter import DeadLetter
from worker.letters.sheet import Sheet
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

NDJSON: Final = "ndjson"
CSV: Final = "csv"

HELP: Final = """Write dead letters to a file, or to standard output.

\b
All of them:             tiktok-events dead export -o letters.ndjson
For a spreadsheet:       tiktok-events dead export -o letters.csv
With decimal commas:     tiktok-events dead export -o letters.csv --decimal ,
Some, to another tool:   tiktok-events dead export --reason rejected | jq -r .message
The events, to be sent from elsewhere:
    tiktok-events dead export --recoverable | jq -c .body
Repair each in its own way, in the file, and take it back:
    tiktok-events dead import --replace letters.csv

\b
ndjson   one JSON object a letter, with everything: body (with its destination, match keys
         hashed), attempts, edits; described in docs/operate/operations.md
csv      one row a letter, without match keys; times in UTC. The columns order_id, value,
         currency and field_value (what stands where `field` says) may be edited. A quote
         stands before what a spreadsheet would calculate, round or take for a date.

FILE appears when all is written, readable by you alone: events are your customers'.
Nothing is removed: that is dead purge.

Exit codes: 0 written, 1 Redis or FILE cannot be used, 2 wrong usage.
"""


@click.command("export", help=HELP)
@options.letter_filters
@click.option(
    "--format",
    "format_",
    type=click.Choice([NDJSON, CSV]),
    help="By default told by the ending of FILE, else ndjson.",
)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Where to; standard output by default.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="Decimal sign of a csv; where it is the comma, semicolons divide the cells.",
)
def export(*, wanted: LetterFilter, format_: str | None, file: Path | None, decimal: str) -> None:
    """Export the letters that match."""
    as_csv = (format_ or (file.suffix[1:].lower() if file else NDJSON)) == CSV
    sheet, now = Sheet(labels().of, decimal), time.time()
    encode = partial(sheet.row, now=now) if as_csv else to_line
    settings = Settings.load()
    with open_store(settings) as store, _opened(file) as out:
        letters, audit = DeadLetters(store), Audit(store)
        total = None if wanted.narrows else len(letters)
        act = acting(audit, Action.EXPORT, who=operator(settings), filter=wanted.words())
        with act as entry:  # it stands before the first letter is given out
            out.write(sheet.header() if as_csv else b"")
            count = _write(letters, wanted, out, encode, total)
            audit.note(entry, by=count)
            entry.result = f"given out as {CSV if as_csv else NDJSON}"
    click.echo(f"{counted(count, 'dead letter')} exported.", err=True)


def _write(
    letters: DeadLetters,
    wanted: LetterFilter,
    out: BinaryIO,
    encode: Callable[[DeadLetter], bytes],
    total: int | None,
) -> int:
    count = 0
    with Bar("exporting", total) as bar:
        for letter in letters.find(wanted):
            out.write(encode(letter))
            bar.advance()
            count += 1
    return count


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    """Where to write; a file gets its name once all of it is on disk.

    Raises:
        click.ClickException: it cannot be written.
    """
    if file is None or file == Path("-"):
        yield sys.stdout.buffer
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with open(part, "wb", opener=_private) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)

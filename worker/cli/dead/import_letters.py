"""`tiktok-events dead import`: exported dead letters back from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

import click

from worker.cli import options
from worker.cli.acting import acting
from worker.cli.dead.edit import run
from worker.cli.dead.replace import desk_of
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, counted, print_json
from worker.files.cells import Locale
from worker.files.event_file import TOO_LONG, read_lines
from worker.letters.dead_letters import PAGE, DeadLetter
from worker.letters.file import LetterFileError, read_line
from worker.letters.importing import LetterImport
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

SHOWN: Final = 100
"""So many bad lines are shown to people; --json shows all."""

HELP: Final = """Put exported letters back, or repair them from the export.

\b
See what it holds:   tiktok-events dead import letters.ndjson --dry-run
Put them back:       tiktok-events dead import letters.ndjson
From elsewhere:      zcat letters.ndjson.gz | tiktok-events dead import --yes -

\b
Ten letters, ten right values, in a spreadsheet:
    tiktok-events dead export --field properties.value -o letters.csv
    tiktok-events dead import --replace letters.csv --dry-run
    tiktok-events dead import --replace letters.csv
The same with jq, in ndjson:
    tiktok-events dead export -o letters.ndjson
    jq -c '.body.properties.currency = "EUR"' letters.ndjson |
      tiktok-events dead import --replace --yes -

With --replace, nothing is put back: letters that are there take what FILE says of their events,
checked and shown as by `dead edit`, and in the audit. In a table, these columns count: order_id,
value, currency, field_value (what is to stand where `field` says), and any that you add and name
like a place of the event, such as page.url or user.email. An empty cell changes nothing. A row is
known by its id, or by its event_id. What a spreadsheet writes is read: semicolons and decimal
commas, .xlsx too. In ndjson, the body counts. The destination, event and event_id of a letter
stay; `dead edit --new-identity` changes them.

Without --replace, FILE is ndjson. A letter keeps its reason, attempts and deadline, and its id
with an `i` behind it. What is there already is left alone, so the same file may be imported
again: a letter counts as there if its id is, or one of the same destination, event and event_id.

Import what was purged. An event that was replayed after the export is not known to have been:
replayed again more than 48 hours later, TikTok would count it a second time.

A line that is no letter is told with its number, without its values; the others are imported,
or followed.

\b
--json prints one object for each such line (line, message), and last the counts:
    imported   put back (in a dry run: would be)
    there      left alone
    refused    no letters
With --replace also one object for each letter, as `dead edit --json` prints it.

Exit codes: 0 all put back or there, or all followed, 1 a line was refused or the answer was no,
2 wrong usage.
"""


@dataclass(slots=True)
class Importing:
    """What became of the lines so far.

    Attributes:
        letters: puts letters back.
        region: where national phone numbers are at home.
        user_keys: further keys of ``user`` that may pass.
        dry_run: whether nothing is put back.
        as_json: whether programs read the output.
        imported: letters put back.
        there: letters left alone.
        refused: lines that are no letters.
    """

    letters: LetterImport
    region: str | None
    user_keys: frozenset[str]
    dry_run: bool
    as_json: bool
    imported: int = 0
    there: int = 0
    refused: int = 0

    def run(self, stream: BinaryIO, size: int | None, step: str = "") -> None:
        """Put the letters of a file back, a page at a time; `step` counts them in the audit."""
        with Bar("importing", size, sizes=True) as bar:
            found = self._letters(stream, bar)
            while part := list(islice(found, PAGE)):
                missing = sum(self.letters.restore(part, dry_run=self.dry_run, step=step))
                self.imported += missing
                self.there += len(part) - missing

    def end(self) -> None:
        """Print the counts."""
        counts = {"imported": self.imported, "there": self.there, "refused": self.refused}
        if self.as_json:
            print_json({"dry_run": self.dry_run, **counts})
            return
        if self.refused > SHOWN:
            click.echo(f"… and {self.refused - SHOWN:,} more; --json tells them all", err=True)
        done = "would be put back; this was a dry run" if self.dry_run else "put back"
        click.echo(f"{counted(self.imported, 'dead letter')} {done}.")
        there = f"{self.there:,} {'was' if self.there == 1 else 'were'} there already"
        click.echo(f"{there}, {counted(self.refused, 'line')} refused.")

    def _letters(self, stream: BinaryIO, bar: Bar) -> Iterator[DeadLetter]:
        for line in read_lines(stream):
            bar.advance(len(line.text))
            if line.cut:
                self._refuse(line.number, TOO_LONG, bar)
                continue
            try:
                if line.text.strip():
                    yield read_line(line.text, self.region, self.user_keys)
            except LetterFileError as error:
                self._refuse(line.number, str(error), bar)

    def _refuse(self, number: int, problem: str, bar: Bar) -> None:
        self.refused += 1
        if self.as_json:
            print_json({"line": number, "message": problem})
        elif self.refused <= SHOWN:
            bar.say(f"line {number:,}: {problem}")


@click.command("import", help=HELP)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--replace",
    "replaces",
    is_flag=True,
    help="Repair letters that are there by an edited export, ndjson, csv or xlsx.",
)
@click.option(
    "--decimal",
    type=click.Choice([",", "."]),
    help="Of a table, with --replace; by default the comma where semicolons divide it.",
)
@options.dry_run
@options.yes
@options.as_json
def import_(
    *,
    file: BinaryIO,
    replaces: bool,
    decimal: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import the letters of a file, or the repairs in it."""
    options.need_an_answer(file, answered=yes or dry_run)
    if replaces:
        _replace(file, Locale(decimal=decimal), dry_run=dry_run, yes=yes, as_json=as_json)
    else:
        _import(file, dry_run=dry_run, yes=yes, as_json=as_json)


def _replace(file: BinaryIO, locale: Locale, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    settings = Settings.load()
    with open_store(settings) as store:
        desk = desk_of(store, settings, file, locale, as_json=as_json)
        report = run(desk, dry_run=dry_run, yes=yes, as_json=as_json)
        desk.end()
    if desk.refused or report.refused:
        raise click.exceptions.Exit(1)


def _import(file: BinaryIO, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    if not dry_run:
        confirm(
            "Put these letters back? Those replayed since the export could be counted twice.",
            yes=yes,
        )
    settings = Settings.load()
    with open_store(settings) as store:
        importing = Importing(
            LetterImport(store),
            settings.default_region,
            settings.user_keys or frozenset(),
            dry_run,
            as_json,
        )
        if dry_run:
            importing.run(file, _size(file))
        else:
            with acting(Audit(store), Action.IMPORT, who=operator(settings)) as act:
                importing.run(file, _size(file), act.step())
    importing.end()
    if importing.refused:
        raise click.exceptions.Exit(1)


def _size(stream: BinaryIO) -> int | None:
    """Return how many bytes there are to read, if that is known."""
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None

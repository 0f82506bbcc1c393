"""`dead import --replace`: letters are edited as the rows of an export were."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import BinaryIO, Final, cast

import click

from tiktok_events.outbox.store import Store
from worker.cli.dead.edit import Desk
from worker.cli.dead.revisions import Revision, Revisions
from worker.cli.terminal import counted, print_json
from worker.delivery.strictness import strictness
from worker.files.cells import Locale
from worker.files.event_table import UnusableTable
from worker.files.input_file import InputFile
from worker.files.text import utf8_of
from worker.files.unreadable import UnreadableFile
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.repair import Edit, Repair, Repairer
from worker.reporting.audit import Audit, operator
from worker.settings import Settings

SHOWN: Final = 20
"""So many letters, and lines that cannot be followed, are shown to people; --json tells all."""

_LINES_BEGIN: Final = b"{"


@dataclass(frozen=True, slots=True)
class FileDesk(Desk):
    """Repairs what a file says, each letter in its own way.

    Attributes:
        source: the file.
        locale: how numbers are written in it.
        settings: for match keys.
        as_json: whether programs read the output.
        told: sentences about the file as a whole that were said.
        refused: lines that cannot be followed, once they are told.
    """

    source: InputFile
    locale: Locale
    settings: Settings
    as_json: bool
    told: set[str] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)

    @property
    def expected(self) -> int | None:
        """Return nothing: how many letters a file names is not known before."""
        return None

    @property
    def next_step(self) -> str:
        """Return the command that sends the repaired letters."""
        return "tiktok-events dead replay ID …, or by a filter"

    @property
    def examples(self) -> int:
        """So many letters are shown with their changes: each changes in its own way."""
        return SHOWN

    @property
    def words(self) -> str:
        """What is edited, for the audit."""
        return "letters of an edited export"

    def repairs(self) -> Iterator[Repair]:
        """What becomes of each letter that the file names, as they stand now."""
        now = time.time()
        with self._revisions() as revisions:
            for one in revisions:
                if one.letter is None:
                    self._refuse(one)
                elif not self.is_done(one.letter):
                    yield replace(self.repairer, edit=one.edit).repair(one.letter, now)

    @contextmanager
    def _revisions(self) -> Iterator[Iterator[Revision]]:
        settings = self.settings
        passing = settings.user_keys or frozenset()
        revisions = Revisions(
            self.letters, self.locale, settings.default_region, passing, self._tell
        )
        try:
            with self.source.content() as content:
                stream = utf8_of(content.stream)
                is_lines = stream.peek(1).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_LINES_BEGIN)
                lines = is_lines and not content.is_table
                yield revisions.of_lines(stream) if lines else revisions.of_table(stream)
        except (UnreadableFile, UnusableTable) as error:
            raise click.ClickException(str(error)) from None

    def end(self) -> None:
        """Say how many lines could not be followed."""
        if self.refused and not self.as_json:
            if (more := len(self.refused) - SHOWN) > 0:
                click.echo(f"… and {more:,} more; --json tells them all", err=True)
            click.echo(f"{counted(len(self.refused), 'line')} could not be followed.")

    def _tell(self, sentence: str) -> None:
        if sentence not in self.told:
            self.told.add(sentence)
            click.echo(sentence, err=True)

    def _refuse(self, one: Revision) -> None:
        if one.line in self.refused:
            return
        self.refused.add(one.line)
        if self.as_json:
            print_json({"line": one.line, "message": one.problem})
        elif len(self.refused) <= SHOWN:
            click.echo(f"line {one.line:,}: {one.problem}", err=True)


def desk_of(
    store: Store, settings: Settings, file: BinaryIO, locale: Locale, *, as_json: bool
) -> FileDesk:
    """The desk at which the rows of an edited export are applied.

    Args:
        store: the outbox.
        settings: for validation and match keys.
        file: an export, as `dead export` wrote it and a person has changed it.
        locale: how numbers are written in a table.
        as_json: whether programs read the output.
    """
    return FileDesk(
        letters=DeadLetters(store),
        selection=LetterFilter(),
        repairer=Repairer(Edit(), settings, operator(settings), strictness(settings)),
        audit=Audit(store),
        begun_at=round(time.time(), 3),
        source=_input(file),
        locale=locale,
        settings=settings,
        as_json=as_json,
    )


def _input(file: BinaryIO) -> InputFile:
    """The file, which is read twice: to show what would change, and to change it."""
    name = PurePath(str(getattr(file, "name", ""))).name
    raw = file if not isinstance(file, io.BufferedReader) else file.raw
    if not file.seekable():
        raw = io.BytesIO(file.read())
    return InputFile(cast("BinaryIO", raw), name)

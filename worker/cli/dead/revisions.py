"""An edited export → which letter each row or line means, and what is to be changed of its event.

Nothing here writes to Redis. A cell that says what the export would say now changes nothing,
whatever the spreadsheet has made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from schemas.figures import Number
from schemas.flags import Flag
from schemas.paths import EventPath, PathError, written
from schemas.values import BadValue
from worker.files.cells import ROUNDED, CellReader, Locale
from worker.files.event_file import TOO_LONG, read_lines
from worker.files.event_table import Rows, misfit
from worker.files.moments import read_moment
from worker.files.unreadable import UnreadableFile
from worker.letters.cells import cell_of, is_rounded, is_same, unguarded
from worker.letters.dead_letters import DeadLetters
from worker.letters.file import LetterFileError, read_line
from worker.letters.filter import LetterFilter
from worker.letters.laid_open import laid_open
from worker.letters.letter import DeadLetter
from worker.letters.repair import Edit
from worker.letters.sheet import COLUMNS, EDITABLE, FIELD_VALUE, value_at

NOT_THERE: Final = "the letter is not there: replayed or purged, or never a dead letter"
ANOTHER: Final = "another event has this id among the dead letters; export again"
EDITED_SINCE: Final = "somebody has edited the letter since this export; export again"
TWICE: Final = "the same letter stands in an earlier line"
NO_COLUMNS: Final = (
    "the table has neither a column id nor event_id: is it an export, and do cells stand apart? "
    "If a spreadsheet shows one column only, export with --decimal ,"
)
IS_A_COPY: Final = "only repeats what stands in the body; change body.{path}"
ROUNDED_HERE: Final = (
    "came back rounded by the spreadsheet, as in 1.23457E+19, and stays as it was; "
    "leave the quote before it, or format the column as text"
)
_IDS: Final = frozenset({"order_id", "shop_id", "lead_id", "content_id", "event_id"})
_COPIES: Final = {"value": "properties.value", "currency": "properties.currency"}
_IDENTITY: Final = ("destination", "event", "event_id")


class RevisionError(ValueError):
    """A row or line cannot be followed; the message quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What one row or line of the file wants.

    Attributes:
        line: where it begins, from 1.
        letter: the one it means, as it stands in Redis; `None` if there is a problem.
        edit: what is to be changed.
        problem: why it cannot be followed.
    """

    line: int
    letter: DeadLetter | None = None
    edit: Edit = field(default_factory=Edit)
    problem: str = ""


@dataclass(slots=True)
class Revisions:
    """Reads the revisions of one file.

    Attributes:
        letters: what stands in Redis.
        locale: how numbers are written in a table.
        region: where national phone numbers are at home.
        user_keys: further keys of ``user`` that may pass.
        tell: is told what is to be known of the file as a whole.
        seen: ids of letters that were met.
    """

    letters: DeadLetters
    locale: Locale
    region: str | None
    user_keys: frozenset[str]
    tell: Callable[[str], None]
    seen: set[str] = field(default_factory=set)

    def of_table(self, stream: BinaryIO) -> Iterator[Revision]:
        """The revisions of a table; rows are read as they are wanted.

        Raises:
            UnreadableFile: it is no export.
        """
        rows = Rows(stream, self.tell)
        header = [unguarded(name) for name in rows.header()]
        if not {"id", "event_id"} & set(header):
            raise UnreadableFile(NO_COLUMNS)
        reader = CellReader(self.locale, rows.delimiter, self.tell)
        columns = _Columns(header, reader, self.tell)
        for row in rows:
            problem = row.problem or misfit(row.cells, len(header))
            cells = dict(zip(header, row.cells, strict=False))
            yield self._revision(row.number, problem, _follow_row(self, cells, columns))

    def of_lines(self, stream: BinaryIO) -> Iterator[Revision]:
        """The revisions of ndjson."""
        for line in read_lines(stream):
            if line.cut or line.text.strip():
                problem = TOO_LONG if line.cut else ""
                yield self._revision(line.number, problem, _follow_line(self, line.text))

    def _revision(
        self, number: int, problem: str, follow: Callable[[], tuple[DeadLetter, Edit]]
    ) -> Revision:
        if problem:
            return Revision(number, problem=problem)
        try:
            letter, edit = follow()
        except (RevisionError, LetterFileError) as error:
            return Revision(number, problem=str(error))
        if letter.id in self.seen:
            return Revision(number, problem=TWICE)
        self.seen.add(letter.id)
        return Revision(number, letter, edit)

    def found(
        self, letter_id: str, is_meant: Callable[[DeadLetter], bool], event_id: str
    ) -> DeadLetter:
        """The letter that is meant: by its id, or else by the event.

        Raises:
            RevisionError: there is none.
        """
        by_id = self.letters.get(letter_id) if letter_id else None
        if by_id is not None and is_meant(by_id):
            return by_id
        by_event = self.letters.find(LetterFilter(event_id=event_id)) if event_id else ()
        for letter in by_event:
            if is_meant(letter):
                return letter
        raise RevisionError(NOT_THERE if by_id is None else ANOTHER)


def _follow_line(revisions: Revisions, text: bytes) -> Callable[[], tuple[DeadLetter, Edit]]:
    def follow() -> tuple[DeadLetter, Edit]:
        told = read_line(text, revisions.region, revisions.user_keys)
        letter = revisions.found(
            told.id, lambda one: _is_same_event(one, told), told.event_id or ""
        )
        for name, path in _COPIES.items():
            copied = getattr(told, name)
            if copied not in (getattr(letter, name), value_at(told, path)):
                raise RevisionError(f"{name}: {IS_A_COPY.format(path=path)}")
        if told.body == letter.body or not isinstance(told.body, dict):
            return letter, Edit()
        _refuse_edited_since(letter, len(told.edits))
        return letter, Edit(whole=laid_open(told))

    return follow


def _refuse_edited_since(letter: DeadLetter, edits: int) -> None:
    if len(letter.edits) > edits:
        raise RevisionError(EDITED_SINCE)


def _is_same_event(letter: DeadLetter, told: DeadLetter) -> bool:
    return all(getattr(letter, name) == getattr(told, name) for name in _IDENTITY)


class _Columns:
    """What the columns of a table mean."""

    def __init__(
        self, header: Sequence[str], reader: CellReader, tell: Callable[[str], None]
    ) -> None:
        self._reader = reader
        self._tell = tell
        self.paths = {name: EventPath.parse(path) for name, path in EDITABLE.items()}
        ignored = [name for name in header if name and name not in COLUMNS and not self._take(name)]
        if ignored:
            tell(f"columns that are no fields of an event: {', '.join(ignored)}")

    def _take(self, name: str) -> bool:
        try:
            self.paths[name] = EventPath.parse(name)
        except PathError:
            return False
        return True

    def value(self, path: EventPath, text: str, now: Any) -> Any:
        """The value of a cell; `now` where it says that nothing is to be changed.

        Raises:
            BadValue: it has two readings, or none.
        """
        if path.steps == ("event_time",):
            return read_moment(text, None)
        if isinstance(path.field, Number):
            return _as_exact_as_a_sheet(path.read(self._reader.plain_number(text)), now)
        if is_same(cell_of(now), text):
            if is_rounded(text):
                self._tell(f"{written(path.steps)} {ROUNDED_HERE}")
            return now
        if is_rounded(text) and path.steps[-1] in _IDS:
            raise BadValue(ROUNDED)
        return path.read(text.lower() if isinstance(path.field, Flag) else text)


def _as_exact_as_a_sheet(value: Any, now: Any) -> Any:
    """A number, or the one of the event where they differ behind the fifteenth digit."""
    numbers = isinstance(value, int | float) and isinstance(now, int | float)
    return now if numbers and f"{value:.15g}" == f"{now:.15g}" else value


def _follow_row(
    revisions: Revisions, cells: Mapping[str, str], columns: _Columns
) -> Callable[[], tuple[DeadLetter, Edit]]:
    def follow() -> tuple[DeadLetter, Edit]:
        letter_id, event_id = (unguarded(cells.get(name, "")) for name in ("id", "event_id"))
        letter = revisions.found(letter_id, lambda one: _is_meant(one, cells), event_id)
        wanted = _Wanted(letter, columns)
        for name, path in _paths_of(letter, columns):
            wanted.note(name, path, cells.get(name, ""))
        edits = unguarded(cells.get("edits", ""))
        if wanted.values and edits.isdigit():
            _refuse_edited_since(letter, int(edits))
        return letter, Edit(values=tuple(wanted.values.values()))

    return follow


def _is_meant(letter: DeadLetter, cells: Mapping[str, str]) -> bool:
    """Whether a row speaks of the letter's event, as far as it says; empty cells say nothing."""
    return all(
        is_same(cell_of(getattr(letter, name)), cells[name])
        for name in _IDENTITY
        if cells.get(name)
    )


def _paths_of(letter: DeadLetter, columns: _Columns) -> Iterator[tuple[str, EventPath]]:
    yield from columns.paths.items()
    try:
        path = EventPath.parse_any(letter.path or "")
    except PathError:
        return
    if path.steps not in {one.steps for one in columns.paths.values()}:
        yield FIELD_VALUE, path


@dataclass(slots=True)
class _Wanted:
    """What a row wants changed, so far."""

    letter: DeadLetter
    columns: _Columns
    values: dict[tuple[str | int, ...], tuple[EventPath, Any]] = field(default_factory=dict)

    def note(self, name: str, path: EventPath, cell: str) -> None:
        """Note what a cell wants changed, if it does."""
        found, now = unguarded(cell), value_at(self.letter, ".".join(map(str, path.steps)))
        if not found or found == unguarded(cell_of(now)):
            return
        try:
            value = self.columns.value(path, found, now)
        except BadValue as error:
            raise RevisionError(f"{name}: {error}") from None
        if value == now:
            return
        if self.values.setdefault(path.steps, (path, value))[1] != value:
            raise RevisionError(f"{name}: another column of this row wants another value there")

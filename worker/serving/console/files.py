"""Export dead letters to a file, and import them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from starlette.responses import Response, StreamingResponse

from worker.letters.dead_letters import PAGE, DeadLetter
from worker.letters.file import LetterFileError, read_line, to_line
from worker.letters.filter import LetterFilter
from worker.letters.importing import LetterImport
from worker.letters.sheet import Sheet
from worker.reporting.audit_entry import Action
from worker.serving.console.jobs import Begun
from worker.serving.console.previews import selected
from worker.serving.console.query import read_filter
from worker.serving.console.visit import Visit

LARGEST_BYTES: Final = 64 * 1024 * 1024
SHOWN: Final = 20
_TYPES: Final = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


def preview(visit: Visit) -> Response:
    """Show which letters would be exported, and how many."""
    wanted = selected(visit)
    if isinstance(wanted, Response):
        return wanted
    count = visit.desk.facets(wanted).total.letters
    return visit.page("export.html", wanted=wanted, count=count)


def export(visit: Visit) -> Response:
    """All that match, as they are found: a JSON object a line, or a table without match keys.

    The audit has it beforehand.
    """
    wanted = read_filter(visit.form, visit.desk.labels.get(), visit.now)
    if wanted.ids:
        wanted = LetterFilter(ids=wanted.ids)
    kind = "csv" if visit.given("format") == "csv" else "ndjson"
    visit.desk.audit.record(
        Action.EXPORT,
        who=visit.who,
        filter=wanted.words(),
        count=visit.desk.facets(wanted).total.letters,
        result=f"given out as {kind}",
    )
    found = visit.desk.letters.find(wanted)
    lines = _rows(visit, found) if kind == "csv" else map(to_line, found)
    named = {"Content-Disposition": f'attachment; filename="letters.{kind}"'}
    return StreamingResponse(lines, media_type=_TYPES[kind], headers=named)


def _rows(visit: Visit, letters: Iterable[DeadLetter]) -> Iterator[bytes]:
    sheet = Sheet(visit.desk.labels.get().of, "," if visit.given("decimal") == "," else ".")
    yield sheet.header()
    for letter in letters:
        yield sheet.row(letter, visit.now)


def ask(visit: Visit) -> Response:
    """Ask for a file."""
    return visit.page("import.html", problem="", refused=[], more=0)


def bring_back(visit: Visit) -> Response:
    """Put the letters of an export back; a file with a line that is none changes nothing."""
    upload = visit.files.get("file")
    raw = upload.file.read(LARGEST_BYTES) if upload is not None else b""
    if not raw.strip():
        return visit.page("import.html", 400, problem="Choose a file.", refused=[], more=0)
    letters, refused = _read(visit, raw)
    if refused:
        problem = "Nothing was put back: some lines are no exported letters."
        more = len(refused) - SHOWN
        return visit.page("import.html", 400, problem=problem, refused=refused[:SHOWN], more=more)
    entry_id = visit.desk.jobs.run(lambda begun: _run(visit, letters, begun))
    visit.desk.forget()
    return visit.see(f"/acts/{entry_id}")


def _read(visit: Visit, raw: bytes) -> tuple[list[DeadLetter], list[tuple[int, str]]]:
    """The letters of a file, and the lines that are none, with their numbers."""
    settings = visit.desk.settings
    letters, refused = [], []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            letters.append(
                read_line(line, settings.default_region, settings.user_keys or frozenset())
            )
        except LetterFileError as error:
            refused.append((number, str(error)))
    return letters, refused


def _run(visit: Visit, letters: list[DeadLetter], begun: Begun) -> None:
    desk, left = visit.desk, iter(letters)
    with desk.audit.act(Action.IMPORT, who=visit.who) as entry:
        begun(entry.id)
        back = LetterImport(desk.store)
        imported = 0
        while part := list(islice(left, PAGE)):
            imported += sum(back.restore(part, step=entry.step()))
        there = len(letters) - imported
        entry.result = f"done, {there:,} were there already" if there else "done"
    desk.forget()

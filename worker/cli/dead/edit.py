"""`tiktok-events dead edit`: repair the events of dead letters, one or all that match."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import click
import orjson

from schemas.paths import ABSENT, EventPath, PathError
from worker.cli import options
from worker.cli.acting import acting
from worker.cli.dead.edit_report import Report
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, console
from worker.delivery.strictness import strictness
from worker.letters.dead_letters import DeadLetters
from worker.letters.editing import Editing
from worker.letters.filter import LetterFilter
from worker.letters.repair import Edit, Outcome, Repairer
from worker.letters.tally import EXAMPLES
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

HELP: Final = """Repair the events of dead letters. Nothing is sent: replay them afterwards.

\b
One value:                 tiktok-events dead edit 17-0 --set properties.currency=EUR
See it first:              tiktok-events dead edit 17-0 --set properties.value=59.98 --dry-run
All with the same fault:
    tiktok-events dead edit --field properties.currency --set properties.currency=EUR
In every item of a list:   … --set 'properties.contents[].price=9.99'
In the first one:          … --set properties.contents.0.price=9.99
Take a value out:          … --unset properties.contents.0.brand
Several changes at once:   tiktok-events dead edit --reason invalid --patch fix.json
    fix.json: {"properties": {"currency": "EUR", "query": null}}  (null takes out)
To another pixel:          … --set event_source_id=C0OTHER --new-identity

An event is checked and its match keys are hashed at once, as if it were new. If it would not
be valid, its letter stays as it is, and the reason is told. Reason, message and attempts of a
letter stay; `dead show` tells who edited it, when, and where.

A VALUE is read as its field wants it: a number, true or false, a list or an object as JSON;
else it is text, even if it looks like a number: --set properties.order_id=17 gives "17".
--patch takes JSON literally (RFC 7396, with the destination beside the event), goes before
--set, and - reads standard input: for personal data, which a shell would remember.

`event`, `event_id`, `event_time` and the destination say which conversion it is: by them TikTok
counts a repeat once. They stay, unless you give --new-identity: the event then gets a new
event_id and is another conversion to TikTok. If an earlier attempt was accepted after all, it
counts twice; where that is possible, --accept-duplicates must be given too. The event_time of an
event that no attempt ever carried may be changed without it.

\b
--json prints one object a letter:
    id, outcome    `edited`, `unchanged` or `refused`
    changes        [{path, before, after}]; match keys as digests, null for nothing
    problems       [{path, message}]: why it was refused
    remarks        [{path, message}]: allowed, but worth a look

Exit codes: 0 done, 1 a letter was refused, or not there, or the answer was no, 2 wrong usage.
"""


def _assignment(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> list[tuple[EventPath, Any]]:
    return [_assigned(text) for text in given]


def _assigned(text: str) -> tuple[EventPath, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise click.BadParameter("write PATH=VALUE, such as properties.currency=EUR")
    try:
        path = EventPath.parse(name)
    except PathError as error:
        raise click.BadParameter(str(error)) from error
    return path, path.read(value)


def _removal(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> list[tuple[EventPath, Any]]:
    try:
        return [(EventPath.parse_any(text), ABSENT) for text in given]
    except PathError as error:
        raise click.BadParameter(str(error)) from error


def _read_patch(file: BinaryIO | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        patch = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        # Its msg alone: the error as a whole holds the text.
        where = f"line {error.lineno}, column {error.colno}"
        raise click.UsageError(f"the patch is no JSON: {error.msg}, {where}") from None
    if not isinstance(patch, dict):
        raise click.UsageError("a patch is a JSON object, in braces")
    return patch


@dataclass(frozen=True, slots=True)
class Desk(Editing):
    """What a run of the command works with.

    Attributes:
        audit: where the edit is written down.
    """

    audit: Audit

    @property
    def named(self) -> frozenset[str]:
        """The letters that were named one by one."""
        return frozenset(self.selection.ids)

    @property
    def next_step(self) -> str:
        """Return the command that sends the repaired letters."""
        return "tiktok-events dead replay, with the same choice"

    @property
    def examples(self) -> int:
        """So many letters are shown with their changes: all change alike."""
        return EXAMPLES

    @property
    def words(self) -> str:
        """What is edited, for the audit."""
        return self.selection.words()

    @property
    def expected(self) -> int | None:
        """Return how many letters there will be, if that is known."""
        return None if self.selection.narrows else len(self.letters)

    def edit(self, report: Report, planned: Report) -> None:
        """Change the letters, and report on each."""
        if not planned.counts[Outcome.EDITED]:
            self._edit_pages(report, planned.total, "")
            return
        who, words = self.repairer.who, self.words
        new_identity = self.repairer.edit.new_identity or None
        act = acting(self.audit, Action.EDIT, who=who, filter=words, new_identity=new_identity)
        with act as edit:
            self._edit_pages(report, planned.total, edit.step())

    def _edit_pages(self, report: Report, total: int, step: str) -> None:
        with Bar("editing", total) as bar:
            self.run(report, step, bar.advance)


@click.command("edit", help=HELP)
@options.letter_choice
@click.option(
    "--set",
    "values",
    multiple=True,
    callback=_assignment,
    metavar="PATH=VALUE",
    help="Put a value there; may be given several times.",
)
@click.option(
    "--unset", "removed", multiple=True, callback=_removal, metavar="PATH", help="Take it out."
)
@click.option(
    "--patch",
    "patch_file",
    type=click.File("rb"),
    metavar="FILE",
    help="A JSON merge patch; - reads standard input.",
)
@click.option("--new-identity", is_flag=True, help="Make it another conversion to TikTok.")
@click.option(
    "--accept-duplicates",
    is_flag=True,
    help="With --new-identity: also where TikTok may have counted it already.",
)
@options.dry_run
@options.yes
@options.as_json
def edit(  # noqa: PLR0913 — because click passes each option as an argument
    *,
    selection: LetterFilter,
    values: list[tuple[EventPath, Any]],
    removed: list[tuple[EventPath, Any]],
    patch_file: BinaryIO | None,
    new_identity: bool,
    accept_duplicates: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Edit the chosen letters."""
    change = Edit(_read_patch(patch_file), (*values, *removed), new_identity, accept_duplicates)
    if not change.changes_anything:
        raise click.UsageError("say what to change: --set, --unset, --patch or --new-identity")
    options.need_an_answer(patch_file, answered=yes or dry_run)
    settings = Settings.load()
    with open_store(settings) as store:
        repairer = Repairer(change, settings, operator(settings), strictness(settings))
        desk = Desk(DeadLetters(store), selection, repairer, round(time.time(), 3), Audit(store))
        report = run(desk, dry_run=dry_run, yes=yes, as_json=as_json)
    if report.refused or report.missing:
        raise click.exceptions.Exit(1)


def run(desk: Desk, *, dry_run: bool, yes: bool, as_json: bool) -> Report:
    """Count the letters, show the changes, ask, and make them."""
    out = console()
    named = desk.named
    planned = Report(named, desk.examples, prints=as_json and dry_run)
    with Bar("checking", desk.expected) as bar:
        for repair in desk.repairs():
            planned.add(repair)
            bar.advance()
    if not as_json:
        planned.show_plan(out)
    if dry_run:
        planned.gone = len(planned.missing)
        planned.end(out, dry_run=True, as_json=as_json)
        return planned
    if planned.counts[Outcome.EDITED]:
        confirm(planned.question(desk.repairer.edit), yes=yes)
    done = Report(named, prints=as_json)
    desk.edit(done, planned)
    done.gone = len(done.missing) if named else max(planned.total - done.total, 0)
    done.end(out, dry_run=False, as_json=as_json)
    if done.counts[Outcome.EDITED] and not as_json:
        out.print(f"Next: {desk.next_step}")
    return done

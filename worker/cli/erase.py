"""`tiktok-events erase`: remove one person's events that wait or are dead."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final

import click

from tiktok_events.errors import InvalidEvent
from worker.cli import options
from worker.cli.acting import acting
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, console, counted, print_json, printable, utc
from worker.operations.data_subject import DataSubject
from worker.operations.erasure_desk import ErasureDesk, erasure_desk
from worker.operations.erasure_found import Found
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

STDIN: Final = "-"
NAME_CHARS: Final = 24

HELP: Final = """Erase one person's events that wait or are dead.

Events of others stay.

\b
How many are there?            tiktok-events erase --email jo@example.com --dry-run
Erase them:                    tiktok-events erase --email jo@example.com --external-id 4711
Out of the shell's history:    tiktok-events erase --email -
Many values, from a file:      tiktok-events erase --external-id - --yes < ids.txt

The values are prepared and hashed as the match keys of events are, and only the digests are
looked for; a SHA-256 digest may be given instead of a value. An event goes if one of its
values is among them. A - is asked for without being shown, or read line by line from a
pipe, and then --yes is needed. Write a phone number with its country code: without one it
can be read in two ways, and both are erased.

It looks at the spool of this machine (TIKTOK_EVENTS_SPOOL_FILE), the Celery messages that carry
events, what waits, what is delayed, and what is dead. Meanwhile no replay, edit or import moves a
letter to where it has looked: they wait. What a worker is sending is looked at again until its
claim has ended, at most for a lease; what workers still hold then is told, and which worker does.

Only counts are printed, and the audit has nothing else. Erased waiting events are counted as
erased, dead letters as purged.

\b
Out of reach:
    what was delivered         ask TikTok
    spools of other machines   run it there, too
    exported letters           delete the files; erase again after an import
    the append-only file       until the server rewrites it: BGREWRITEAOF
    backups and replicas' files, and whatever your applications keep

Exit codes: 0 erased, 1 not everything could be reached, or the answer was no, 2 wrong usage.
"""


@click.command(
    "erase",
    help=HELP,
    # A value that was given without its option must not be quoted in click's own sentence.
    context_settings={"allow_extra_args": True},
)
@click.option("--email", multiple=True, metavar="ADDRESS", help="Of an e-mail address.")
@click.option("--phone", multiple=True, metavar="NUMBER", help="Of a phone number.")
@click.option("--external-id", multiple=True, metavar="ID", help="Of an id in your system.")
@options.dry_run
@options.yes
@options.as_json
@click.pass_context
def erase(
    context: click.Context, /, *, dry_run: bool, yes: bool, as_json: bool, **given: tuple[str, ...]
) -> None:
    """Erase the events of whoever has one of these values."""
    if context.args or not any(given.values()):
        raise click.UsageError("say who with --email, --phone or --external-id")
    settings = Settings.load()
    values = {key: _read(key, texts) for key, texts in given.items() if texts}
    subject = _subject(values, settings.default_region)
    with open_store(settings) as store, erasure_desk(store, settings, values, subject) as desk:
        found = Found() if yes and not dry_run else _count(desk)
        if not dry_run:
            confirm(_question(found), yes=yes or not found.total)
            found = _erase(desk, settings)
    _end(found, dry_run=dry_run, as_json=as_json)


def _count(desk: ErasureDesk) -> Found:
    with Bar("looking", desk.steps()) as bar:
        return desk.count(bar.advance)


def _erase(desk: ErasureDesk, settings: Settings) -> Found:
    """Erase it; the audit has it from before the first step."""
    act = acting(Audit(desk.store), Action.ERASE, who=operator(settings), filter=desk.words)
    with act as entry, Bar("erasing", desk.steps()) as bar:
        return desk.erase(entry, bar.advance)


def _read(key: str, texts: Sequence[str]) -> list[str]:
    """Return the values, with those of standard input in the place of the dash."""
    read = [line for text in texts for line in (_from_stdin(key) if text == STDIN else [text])]
    if not read:
        raise click.UsageError(f"standard input has no value for {_option(key)}")
    return read


def _from_stdin(key: str) -> list[str]:
    if sys.stdin.isatty():
        return [click.prompt(_option(key), hide_input=True, err=True)]
    return [line for line in sys.stdin.read().splitlines() if line.strip()]


def _subject(values: Mapping[str, Sequence[str]], default_region: str | None) -> DataSubject:
    try:
        return DataSubject.of(values, default_region)
    except InvalidEvent as error:
        raise click.UsageError(f"{_option(error.path)}: {error.message}") from error


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _question(found: Found) -> str:
    nouns = {"spooled event": found.spooled, "queued message": found.queued}
    nouns |= {"waiting event": found.waiting, "delayed event": found.delayed}
    parts = [counted(number, noun) for noun, number in nouns.items() if number]
    parts = parts or [counted(0, "waiting event")]
    return f"Erase {', '.join(parts)} and {counted(found.dead_letters, 'dead letter')} for good?"


def _end(found: Found, *, dry_run: bool, as_json: bool) -> None:
    """Print the counts; exit with 1 when not everything was reached."""
    if as_json:
        print_json({"dry_run": dry_run, **asdict(found), "complete": found.complete})
    else:
        for line in _lines(found, "would be erased; this was a dry run" if dry_run else "erased"):
            console().print(line, markup=False, highlight=False)
    if not found.complete:
        raise click.exceptions.Exit(1)


def _lines(found: Found, done: str) -> Iterator[str]:
    """Yield what was found, what workers hold, and what was not looked at."""
    counts = {"waiting": found.waiting, "delayed": found.delayed, "spooled": found.spooled}
    counts |= {"Celery messages": found.queued, "dead": found.dead_letters}
    yield from (f"{number:>9,} {name}, {done}" for name, number in counts.items() if number)
    for holder in found.holders:
        yield (
            f"{holder.events:>9,} being sent to {labelled(holder.destination, NAME_CHARS)} by "
            f"{printable(holder.worker, NAME_CHARS)}, at most until {utc(holder.until)}"
        )
    if found.in_hand:
        yield f"{found.in_hand:>9,} Celery messages taken by workers, not handed over yet"
    yield from (f"Not reached: {printable(why)}" for why in found.unreached)
    if not found.complete:
        yield "Not everything is erased. Run it again in a minute."
    elif not found.total:
        yield "Nothing of this person waits or is dead."
    yield "Not looked at: spools of other machines, exported letters (see --help)."

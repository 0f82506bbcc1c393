"""`tiktok-events erase`: remove one person's events that wait or are dead."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import click

from tiktok_events.client import connect
from tiktok_events.errors import InvalidEvent
from worker.cli import options
from worker.cli.terminal import Bar, confirm, console, counted, print_json
from worker.operations.data_subject import Person
from worker.operations.erasure import Erasure, Found
from worker.reporting.audit import Action, Audit, operator
from worker.settings import Settings

STDIN: Final = "-"
NOUNS: Final = {"email": "e-mail address", "phone": "phone number", "external_id": "external id"}

HELP: Final = """Erase one person's events that wait or are dead; those of others stay.

\b
How many are there?            tiktok-events erase --email jo@example.com --dry-run
Erase them:                    tiktok-events erase --email jo@example.com --external-id 4711
Out of the shell's history:    tiktok-events erase --email -
Many values, from a file:      tiktok-events erase --external-id - --yes < ids.txt

The values are prepared and hashed as the match keys of events are, and only the digests are
looked for; a SHA-256 digest may be given instead of a value. An event goes if one of its
values is among them. What stands for - is asked for unseen, or read line by line from a
pipe, and then --yes is needed. Write a phone number with its country code: without one it
can be read in two ways, and both are erased.

Events that a worker is sending are looked at again until its claim has ended, at most for
a lease. Only counts are printed, and the audit has nothing else.

Erased waiting events are counted as erased, dead letters as purged.

\b
Out of reach:
    what was delivered         ask TikTok
    messages in the broker     tiktok_events.track, until a worker has read them
    the append-only file       until the server rewrites it: BGREWRITEAOF
    backups and replicas' files, and whatever your applications keep

Exit codes: 0 erased, 1 some are still being sent or the answer was no, 2 wrong usage.
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
    person = _person(values, settings.default_region)
    with connect(settings) as redis:
        erasure = Erasure(redis, person, lease_s=settings.lease_s)
        found = Found() if yes and not dry_run else _count(erasure)
        if not dry_run:
            confirm(_question(found), yes=yes or not found.total)
            found = _erase(erasure, Audit(redis), operator(settings), _words(values))
    _end(found, dry_run=dry_run, as_json=as_json)


def _read(key: str, texts: Sequence[str]) -> list[str]:
    """The values, those of standard input in the place of the dash."""
    read = [line for text in texts for line in (_from_stdin(key) if text == STDIN else [text])]
    if not read:
        raise click.UsageError(f"standard input has no value for {_option(key)}")
    return read


def _from_stdin(key: str) -> list[str]:
    if sys.stdin.isatty():
        return [click.prompt(_option(key), hide_input=True, err=True)]
    return [line for line in sys.stdin.read().splitlines() if line.strip()]


def _person(values: Mapping[str, Sequence[str]], default_region: str | None) -> Person:
    try:
        return Person.of(values, default_region)
    except InvalidEvent as error:
        raise click.UsageError(f"{_option(error.path)}: {error.message}") from error


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _words(values: Mapping[str, Sequence[str]]) -> str:
    """Who was meant, for the audit: how many values of each kind, and none of them."""
    return ", ".join(f"{len(texts):,} by {NOUNS[key]}" for key, texts in values.items())


def _count(erasure: Erasure) -> Found:
    with Bar("looking", erasure.steps()) as bar:
        return erasure.count(bar.advance)


def _erase(erasure: Erasure, audit: Audit, who: str, words: str) -> Found:
    found = Found()
    with (
        audit.recorded(Action.ERASE, who=who, filter=words) as tally,
        Bar("erasing", erasure.steps()) as bar,
    ):
        try:
            erasure.run(found, bar.advance)
        finally:
            tally.count, tally.facts = found.total, asdict(found)
    return found


def _question(found: Found) -> str:
    waiting = counted(found.waiting, "waiting event")
    held = f", {counted(found.held, 'held event')}" if found.held else ""
    return f"Erase {waiting}{held} and {counted(found.dead_letters, 'dead letter')} for good?"


def _end(found: Found, *, dry_run: bool, as_json: bool) -> None:
    """Print the counts; 1 when a worker still holds some."""
    if as_json:
        print_json({"dry_run": dry_run, **asdict(found)})
    else:
        _print(found, "would be erased; this was a dry run" if dry_run else "erased")
    if found.being_sent:
        raise click.exceptions.Exit(1)


def _print(found: Found, done: str) -> None:
    out = console()
    if not found.total and not found.being_sent:
        out.print("Nothing of this person waits or is dead.")
        return
    out.print(f"{found.waiting:>9,} waiting, {done}")
    if found.held:
        out.print(f"{found.held:>9,} held, {done}")
    out.print(f"{found.dead_letters:>9,} dead, {done}")
    if found.being_sent:
        out.print(f"{found.being_sent:>9,} being sent now, not erased: run it again in a minute")

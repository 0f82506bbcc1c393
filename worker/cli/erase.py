"""`tiktok-events erase`: remove one person's events that wait or are dead."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Final, Self

import click

from tiktok_events.errors import InvalidEvent
from tiktok_events.outbox.store import Store
from tiktok_events.spool.spool import Spool
from worker.cli import options
from worker.cli.acting import acting
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, console, counted, print_json, printable, utc
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Account, Elsewhere, Erasure
from worker.operations.erasure_found import Found
from worker.operations.queued_events import QueuedEvents
from worker.operations.spooled_events import SpooledEvents
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

STDIN: Final = "-"
NAME_CHARS: Final = 24
NOUNS: Final = {"email": "e-mail address", "phone": "phone number", "external_id": "external id"}

HELP: Final = """Erase one person's events that wait or are dead; those of others stay.

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
    with _Desk.open(settings, subject, _words(values)) as desk:
        found = Found() if yes and not dry_run else desk.count()
        if not dry_run:
            confirm(_question(found), yes=yes or not found.total)
            found = desk.erase()
    _end(found, dry_run=dry_run, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the command works with.

    Attributes:
        store: the outbox.
        subject: whose events are meant.
        words: how the data subject was named, for the audit.
        settings: for the lease and who asks.
        elsewhere: what is looked at besides.
    """

    store: Store
    subject: DataSubject
    words: str
    settings: Settings
    elsewhere: Elsewhere

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, subject: DataSubject, words: str) -> Iterator[Self]:
        """Connect to the outbox and to Celery's broker."""
        with open_store(settings) as store, _queued(settings, subject) as queued:
            elsewhere = Elsewhere(_spooled(settings, subject), queued)
            yield cls(store, subject, words, settings, elsewhere)

    def count(self) -> Found:
        """How much there is; nothing is changed."""
        erasure = self._erasure(None)
        with Bar("looking", erasure.steps()) as bar:
            return erasure.count(bar.advance)

    def erase(self) -> Found:
        """Erase it; the audit has it from before the first step."""
        audit, who, found = Audit(self.store), operator(self.settings), Found()
        with acting(audit, Action.ERASE, who=who, filter=self.words) as act:
            erasure = self._erasure(Account(audit, act))
            with Bar("erasing", erasure.steps()) as bar:
                erasure.run(found, bar.advance)
            act.result = "done" if found.complete else "not everything was reached"
        return found

    def _erasure(self, account: Account | None) -> Erasure:
        return Erasure(
            self.store,
            self.subject,
            lease_s=self.settings.lease_s,
            elsewhere=self.elsewhere,
            account=account,
        )


@contextmanager
def _queued(settings: Settings, subject: DataSubject) -> Iterator[QueuedEvents | None]:
    """Celery's messages, if there is a broker that could hold some."""
    if (url := settings.celery_broker_url) is None:
        yield None
        return
    with open_store(replace(settings, redis_url=url)) as broker:
        region = settings.default_region
        yield QueuedEvents(broker.redis, settings.layout.broker, subject, region)


def _spooled(settings: Settings, subject: DataSubject) -> SpooledEvents | None:
    """This machine's spool, if it has one: looking makes no file."""
    path = settings.spool_file
    if path is None or not path.exists():
        return None
    spool = Spool(path, settings.spool_bytes, settings.redis_timeout_s)
    return SpooledEvents(spool, subject)


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


def _words(values: Mapping[str, Sequence[str]]) -> str:
    """Return who was meant, for the audit: how many values of each kind, and none of them."""
    return ", ".join(f"{len(texts):,} by {NOUNS[key]}" for key, texts in values.items())


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

"""`tiktok-events dead`: see, repair, replay or give up what will not be sent by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Final

import click
from rich.console import Console

from worker.cli import options
from worker.cli.commands import Commands, Sign
from worker.cli.dead.letter_list import letter_lines
from worker.cli.dead.letters import NO_LETTERS, print_letter
from worker.cli.labelled import labels
from worker.cli.store import open_store
from worker.cli.terminal import console, counted, print_json
from worker.delivery.labels import Labels
from worker.letters.dead_letters import Cursor, DeadLetter, DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.laid_open import laid_open
from worker.settings import Settings

SHOWN: Final = 20

GROUP_HELP: Final = """Look after dead letters: find, repair, replay, purge them.

\b
How many, of what, worth what:   tiktok-events dead stats
The next to expire:              tiktok-events dead list
One of them, with its body:      tiktok-events dead show 17-0
Repair what was wrong with it:   tiktok-events dead edit 17-0 --set properties.currency=EUR
Repair each in its own way:      tiktok-events dead import --replace letters.csv
Send them again, cause removed:  tiktok-events dead replay --reason rejected
Keep a copy:                     tiktok-events dead export -o letters.ndjson
Give them up:                    tiktok-events dead purge --reason expired

\b
Reasons:
    invalid     the event breaks a rule of the API; it was never sent
    rejected    the API refused it; code and message are the API's
    expired     it was too old to be worth sending
    exhausted   the API's answers stayed unclear, or it failed while others were taken
    crash_loop  workers died whenever they held it
    oversize    a Celery message carried more than TIKTOK_EVENTS_MAX_EVENT_BYTES
    unreadable  no event could be found in a message of a producer without the client
"""

LIST_HELP: Final = """List dead letters, the nearest deadline first.

\b
The first twenty:              tiktok-events dead list
All of one reason:             tiktok-events dead list --reason rejected --all
Of one pixel, purchases only:  tiktok-events dead list --destination web:C0PIXEL --event Purchase
What happened since lunch:     tiktok-events dead list --since 2026-11-22T13:00
Where a currency was wrong:    tiktok-events dead list --field properties.currency
What became of one order:      tiktok-events dead list --event-id order-1042
The next page:                 tiktok-events dead list --after 1795000000.0/17-0
Ids, for another program:      tiktok-events dead list --all --json | jq -r .id

A letter expires when its event becomes too old to be sent; a replay must come before.
All filters must hold. How many there are of what: tiktok-events dead stats.

Exit codes: 0 listed, 1 Redis cannot be used, 2 wrong usage.
"""

SHOW_HELP: Final = """Show one dead letter: what was wrong, attempts, the event.

\b
For people:        tiktok-events dead show 17-0
The event alone:   tiktok-events dead show 17-0 --json | jq .body

The body is the event as it was to be sent, in --json with its destination; its match keys are
hashed. `_remarks` in it is
never sent: it is what the client left out, or read under another name.

Exit codes: 0 shown, 1 there is no such letter, 2 wrong usage.
"""

OTHERS: Final = (
    Sign("edit", "Repair the events of dead letters.", "worker.cli.dead.edit:edit"),
    Sign(
        "stats",
        "Show what dead letters have in common, and are worth.",
        "worker.cli.dead.stats:stats",
    ),
    Sign(
        "replay",
        "Put dead letters back into their outbox, to be sent again.",
        "worker.cli.dead.replay:replay",
    ),
    Sign(
        "purge",
        "Remove dead letters for good; nothing delivers them again.",
        "worker.cli.dead.purge:purge",
    ),
    Sign(
        "export",
        "Write dead letters to a file, or to standard output.",
        "worker.cli.dead.export:export",
    ),
    Sign(
        "import",
        "Put exported letters back, or repair them from the export.",
        "worker.cli.dead.import_letters:import_",
    ),
)
"""Commands with a module of their own."""


@click.group("dead", cls=Commands, commands=OTHERS, help=GROUP_HELP)
def dead() -> None:
    """Group the commands."""


def _cursor(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Cursor | None:
    try:
        return None if value is None else Cursor.parse(value)
    except ValueError as error:
        raise click.BadParameter(
            "write DEADLINE/ID, as the list or the key `cursor` of --json ends a page"
        ) from error


@dead.command("list", help=LIST_HELP)
@options.letter_filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="How many."
)
@click.option("--all", "every", is_flag=True, help="However many there are.")
@click.option(
    "--after",
    callback=_cursor,
    metavar="CURSOR",
    help="Begin behind this place; each page ends with one.",
)
@options.as_json
def list_letters(
    *, wanted: LetterFilter, limit: int, every: bool, after: Cursor | None, as_json: bool
) -> None:
    """List the letters that match."""
    now = time.time()
    with _dead_letters() as letters:
        found = letters.find(wanted, after=after, now=now)
        if as_json:
            for letter in islice(found, None if every else limit):
                beside = {
                    "label": labels().of(letter.destination),
                    "cursor": str(Cursor.of(letter)),
                }
                print_json(letter.summary(now) | beside)
        else:
            listing = Listing(wanted, None if every else limit, labels(), now)
            listing.show(console(), found, len(letters))


@dataclass(slots=True)
class Listing:
    """A list on a terminal.

    Attributes:
        wanted: what the letters match.
        limit: so many at most; `None` for all.
        labels: what people call the destinations.
        now: Unix seconds.
        shown: how many were printed so far.
        last: the last of them.
    """

    wanted: LetterFilter
    limit: int | None
    labels: Labels
    now: float
    shown: int = 0
    last: DeadLetter | None = None

    def show(self, out: Console, found: Iterator[DeadLetter], total: int) -> None:
        """Print the letters as they are found, and what is left; `total` is of all there are."""
        some = self._counted(islice(found, self.limit))
        for block in letter_lines(some, self.now, out.width, self.labels):
            out.print(block, soft_wrap=True)
        if self.last is None:
            out.print(_nothing(total))
            return
        more = next(found, None) is not None
        out.print(f"\n{_footer(self.shown, total, self.wanted, more=more)}")
        if more:
            out.print(f"Next page: the same with --after {Cursor.of(self.last)}", soft_wrap=True)
        out.print("Next: tiktok-events dead show ID · dead edit ID … · dead replay ID …")

    def _counted(self, letters: Iterator[DeadLetter]) -> Iterator[DeadLetter]:
        for letter in letters:
            self.shown += 1
            self.last = letter
            yield letter


def _nothing(total: int) -> str:
    if not total:
        return NO_LETTERS
    return f"No dead letter matches; there are {total:,} in all."


def _footer(shown: int, total: int, wanted: LetterFilter, *, more: bool) -> str:
    if wanted.narrows:
        rest = "more match, --all shows them" if more else "that is all that match"
        return f"{counted(shown, 'dead letter')} of {total:,} in all; {rest}."
    rest = "; --all shows the others" if more else ""
    return f"{shown:,} of {counted(total, 'dead letter')}, nearest deadline first{rest}."


@dead.command("show", help=SHOW_HELP)
@click.argument("letter_id", metavar="ID", callback=options.is_text)
@options.as_json
def show(*, letter_id: str, as_json: bool) -> None:
    """Show one letter."""
    with _dead_letters() as letters:
        letter = letters.get(letter_id)
    if letter is None:
        raise click.ClickException(
            "there is no such dead letter: it was replayed, purged, or never was one; "
            "`tiktok-events dead list` shows those there are"
        )
    if as_json:
        body = laid_open(letter) if isinstance(letter.body, dict) else letter.body
        beside = {"body": body, "label": labels().of(letter.destination)}
        print_json(asdict(letter) | beside)
    else:
        print_letter(console(), letter, time.time())


@contextmanager
def _dead_letters() -> Iterator[DeadLetters]:
    with open_store(Settings.load()) as store:
        yield DeadLetters(store)

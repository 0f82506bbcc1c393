"""`tiktok-events audit`: who did what to which events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import click
from rich.table import Table

from worker.cli import options
from worker.cli.store import open_store
from worker.cli.terminal import cell, console, counted, plain_table, print_json, utc
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import MAX_ENTRIES, Action, Entry
from worker.settings import Settings

SHOWN: Final = 20
_WHO_CHARS: Final = 16
_UNKNOWN: Final = "-"

HELP: Final = f"""Show who parked, repaired, replayed, purged or erased what.

\b
The newest twenty:       tiktok-events audit
Of the last two days:    tiktok-events audit --since 2d --all
Who purged, ever:        tiktok-events audit --action purge --all
How many, by person:
    tiktok-events audit --all --json | jq -r .who | sort | uniq -c

\b
    who      the system user, also behind sudo; or TIKTOK_EVENTS_ACTOR, which a program sets
             to say on whose behalf it acts; `worker` when a worker did it by itself
    count    events or dead letters that it concerned, so far
    result   how it ended; "under way"; or "interrupted": nothing has been done for a
             minute, because whoever did it was killed
    what     a destination, or the filter that was given, and what else is worth knowing

Personal data are in no entry. The newest {MAX_ENTRIES:,} are kept.

Exit codes: 0 shown, 1 Redis cannot be used, 2 wrong usage.
"""


@click.command("audit", help=HELP)
@click.option(
    "--since", callback=options.timestamp, metavar="WHEN", help="Not before: 2h, 3d, 2026-11-22."
)
@click.option("--action", type=click.Choice([one.value for one in Action]), help="Only these.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="How many."
)
@click.option("--all", "every", is_flag=True, help="However many there are.")
@options.as_json
def audit(
    *, since: float | None, action: str | None, limit: int, every: bool, as_json: bool
) -> None:
    """Show the entries, newest first."""
    most = None if every else limit
    with open_store(Settings.load()) as store:
        trail = Audit(store)
        entries = trail.read(since=since, action=action)
        if as_json:
            for entry in islice(entries, most):
                print_json(entry.as_dict())
        else:
            # One more than is shown tells whether there are more.
            _print(list(islice(entries, most and most + 1)), most, trail.trimmed())


def _print(found: Sequence[Entry], most: int | None, trimmed: int) -> None:
    out = console()
    shown = found[:most]
    if not shown:
        out.print("Nothing was done that the audit has an entry of.")
    else:
        out.print(_table(shown))
        rest = "; --all shows the others" if len(found) > len(shown) else ""
        out.print(f"\n{_entries(len(shown))}, newest first{rest}.")
    if trimmed:
        out.print(f"The audit keeps {MAX_ENTRIES:,}; {_entries(trimmed)} before them are gone.")


def _entries(number: int) -> str:
    return counted(number, "entry").replace("entrys", "entries")


def _table(entries: Sequence[Entry]) -> Table:
    table = plain_table()
    for heading in ("at", "who", "action"):
        table.add_column(heading, no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    for heading in ("result", "what"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        table.add_row(*_cells(entry))
    return table


def _cells(entry: Entry) -> Iterator[Any]:
    yield utc(entry.at)
    yield cell(entry.who, _WHO_CHARS)
    yield cell(entry.action)
    yield _UNKNOWN if entry.count is None else f"{entry.count:,}"
    yield cell(entry.result or _UNKNOWN)
    yield cell(" · ".join(_what(entry)) or _UNKNOWN)


def _what(entry: Entry) -> Iterator[str]:
    if entry.what:
        yield entry.what
    for name, value in entry.facts.items():
        words = name.replace("_", " ")
        yield words if value is True else f"{words}: {value}"

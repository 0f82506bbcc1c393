"""`tiktok-events spool`: what producers of this machine kept while Redis was away."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from tiktok_events.outbox.outbox import Appender
from tiktok_events.spool.flush import flush_batch
from tiktok_events.spool.repair import SpoolRepair, repair
from tiktok_events.spool.spool import Spool, Spooled
from worker.cli import options
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import Bar, age, cell, console, counted, plain_table, print_json
from worker.settings import Settings

KIBIBYTE: Final = 1024
REPAIR_WAIT_S: Final = 60.0
"""Seconds to wait for other processes that use the new file already."""

GROUP_HELP: Final = """Look after events that wait on this machine for Redis.

A client with TIKTOK_EVENTS_ON_FAILURE=spool writes there what Redis does not take, and takes
it along later, a little with each call. When no process calls any more, do it by hand.

\b
What waits:                   tiktok-events spool status
Move it into the outbox:      tiktok-events spool flush
A file left by another host:  tiktok-events spool flush --file /mnt/old/spool.sqlite
"""

STATUS_HELP: Final = """Show what waits in the spool, by destination.

\b
The file of the settings:  tiktok-events spool status
How many events:           tiktok-events spool status --json | jq -s 'map(.events) | add'

Exit codes: 0 shown, 1 the file cannot be used, 2 wrong usage.
"""

FLUSH_HELP: Final = """Move everything that is spooled into the outbox, oldest first.

\b
The file of the settings:  tiktok-events spool flush
Another one:               tiktok-events spool flush --file /mnt/old/spool.sqlite

It may be killed and started again: nothing is lost, and an event that is moved twice
keeps its event_id, so it counts once. Clients may go on spooling and flushing meanwhile.

Exit codes: 0 nothing waits any more, 1 Redis or the file cannot be used, or another
process is flushing, 2 wrong usage.
"""

REPAIR_HELP: Final = """Make a damaged spool whole: keep what can be read.

\b
The file of the settings:    tiktok-events spool repair
What an earlier run left:    tiktok-events spool repair --file spool.sqlite.damaged-…

What is whole goes into a new file of the same name, from which it is flushed as usual. The
damaged one is kept beside it under another name; nothing is deleted. Delete it yourself when
it is of no more use: it holds events of people.

End the producers of this machine first, if they still use the file: what one of them writes
in that moment stays in the file that is set aside. A spool that is whole is left alone.

Exit codes: 0 it is whole now, 1 it cannot be renamed or written, 2 wrong usage.
"""

file_option: Final = click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The spool, instead of TIKTOK_EVENTS_SPOOL_FILE.",
)


@click.group("spool", help=GROUP_HELP)
def spool() -> None:
    """Group the commands."""


@spool.command("status", help=STATUS_HELP)
@file_option
@options.as_json
def status(*, path: Path | None, as_json: bool) -> None:
    """Show the contents."""
    found = _spool(_settings(path))
    contents = [] if found is None else found.contents()
    if as_json:
        for one in contents:
            print_json(asdict(one))
    elif found is None or not contents:
        console().print("Nothing is spooled.")
    else:
        _print_contents(found, contents)


@spool.command("flush", help=FLUSH_HELP)
@file_option
@options.as_json
def flush(*, path: Path | None, as_json: bool) -> None:
    """Move the contents into the outbox."""
    settings = _settings(path)
    found = _spool(settings)
    flushed = 0 if found is None else _flush(found, settings)
    waiting = 0 if found is None else _events(found)
    if as_json:
        print_json({"flushed": flushed, "waiting": waiting})
    else:
        console().print(f"{counted(flushed, 'event')} moved into the outbox.")
    if waiting:
        raise click.ClickException(
            f"{counted(waiting, 'event')} still in the spool: another process is flushing, "
            "or was killed while it did; look again in some seconds"
        )


@spool.command("repair", help=REPAIR_HELP)
@file_option
@options.as_json
def repair_(*, path: Path | None, as_json: bool) -> None:
    """Make a damaged spool whole."""
    place = _settings(path).spool_file
    if place is None or not place.exists():
        raise click.UsageError("there is no spool to repair")
    try:
        result = repair(Spool(place, Settings.load().spool_bytes, REPAIR_WAIT_S))
    except OSError as error:
        raise click.ClickException(f"{place} cannot be renamed: {error.strerror}") from error
    if as_json:
        print_json(asdict(result) | {"aside": result.aside and str(result.aside)})
    else:
        console().print(_told(result))


def _told(result: SpoolRepair) -> str:
    if result.aside is None:
        return "The spool is whole; nothing was changed."
    unread = "all of it" if result.unreadable is None else counted(result.unreadable, "block")
    return (
        f"{counted(result.events, 'event')} kept, in {counted(result.blocks, 'block')}.\n"
        f"Not whole: {counted(result.broken, 'block')}. Unreadable: {unread}.\n"
        f"The damaged file is {result.aside}"
    )


def _settings(path: Path | None) -> Settings:
    settings = Settings.load()
    if path is not None:
        return replace(settings, spool_file=path.absolute())
    if settings.spool_file is None:
        raise click.UsageError("there is no spool: give --file, or set TIKTOK_EVENTS_SPOOL_FILE")
    return settings


def _spool(settings: Settings) -> Spool | None:
    """The spool, if there is one: looking makes no file."""
    path = settings.spool_file
    return Spool.of(settings) if path is not None and path.exists() else None


def _flush(found: Spool, settings: Settings) -> int:
    flushed = 0
    with (
        open_store(settings) as store,
        Bar("Moving into the outbox", total=_events(found)) as bar,
    ):
        appender = Appender(
            store.redis,
            linger_ms=settings.linger_ms,
            rings=settings.rings,
            shards=settings.layout,
            timeout_s=settings.redis_timeout_s,
        )
        while moved := flush_batch(found, appender):
            flushed += moved
            bar.advance(moved)
        appender.close()
    return flushed


def _events(found: Spool) -> int:
    return sum(one.events for one in found.contents())


def _print_contents(found: Spool, contents: list[Spooled]) -> None:
    out = console()
    out.print(_table(contents, time.time()))
    total = counted(sum(one.events for one in contents), "event")
    used = found.path.stat().st_size // KIBIBYTE
    limit = found.limit_bytes // KIBIBYTE
    out.print()
    out.print(cell(f"{total} in {found.path}"))
    out.print(f"The file has {used:,} of at most {limit:,} KiB.")
    out.print("Next: tiktok-events spool flush")


def _table(contents: list[Spooled], now: float) -> Table:
    table = plain_table("destination", "events", "KiB", "oldest")
    table.columns[1].justify = table.columns[2].justify = "right"
    for one in contents:
        row: list[Any] = [cell(labelled(one.destination)), f"{one.events:,}"]
        table.add_row(*row, f"{one.size_bytes / KIBIBYTE:,.1f}", f"{age(now - one.oldest_at)} ago")
    return table

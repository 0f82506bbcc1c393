"""`tiktok-events destinations`: which there are, and which wait for a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import uuid4

import click
from rich.table import Table

from tiktok_events.event.destination import Destination
from tiktok_events.outbox.store import Store
from worker.cli import options
from worker.cli.acting import acting
from worker.cli.labelled import labelled
from worker.cli.status import lately_text, state_text
from worker.cli.store import open_store
from worker.cli.terminal import (
    Bar,
    age,
    cell,
    confirm,
    console,
    counted,
    plain_table,
    print_json,
)
from worker.delivery.destinations import Destinations
from worker.operations.destination_figures import DestinationFigures
from worker.operations.known_destinations import Row, configured_of, rows_of
from worker.operations.recent import with_recent
from worker.operations.status import read_figures
from worker.outbox.parking import BY_HAND, Parking
from worker.reporting.audit import Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

_NONE_CONFIGURED: Final = (
    "No destination is configured and none has events. Set TIKTOK_EVENTS_PIXEL_CODE "
    "and TIKTOK_EVENTS_ACCESS_TOKEN, or TIKTOK_EVENTS_DESTINATIONS_FILE."
)
_NONE_WAITING: Final = (
    "No destination has events waiting. TIKTOK_EVENTS_ACCESS_TOKEN serves every destination; "
    "none is configured by name."
)
_NEAR: Final = 3
_NAME_CHARS: Final = 34

GROUP_HELP: Final = """See destinations, park and resume them.

\b
All of them:           tiktok-events destinations list
Send nothing more:     tiktok-events destinations park web:C0PIXEL --reason "wrong prices"
Go on:                 tiktok-events destinations resume web:C0PIXEL

A destination is what one request goes to: event_source:event_source_id, and with a
test event code event_source:event_source_id:CODE.
"""

LIST_HELP: Final = """List configured destinations, and those with events.

\b
For people:              tiktok-events destinations list
Those without a token:
    tiktok-events destinations list --json | jq -r 'select(.token | not).destination'

\b
    token    whether an access token is configured; it is never shown
    1 h      delivered, and dead, in this hour and the one before; 24 h in those up to now
    limits   those of the destinations file that differ from the general settings
    state    of a parked one, why and how long until its first event expires
    With --json also what was mended or left out (salvaged) and remarked, since the first start.

Exit codes: 0 listed, 1 Redis or the destinations file cannot be used, 2 wrong usage.
"""

PARK_HELP: Final = """Park a destination: nothing is sent to it until it is resumed.

\b
Until somebody has looked:  tiktok-events destinations park web:C0PIXEL --reason "wrong prices"
Before its first event:     tiktok-events destinations park web:C0NEW --unseen

Its events are still accepted and wait; what waits longer than the window of its source
becomes a dead letter. Requests under way still end. Workers park a destination by
themselves when the API refuses its token or its configuration; they resume that one when
its token changes, but never what you have parked.

Exit codes: 0 parked, also if it was before, 1 nobody knows the destination, 2 wrong usage.
"""

RESUME_HELP: Final = """Resume a parked destination.

\b
The token is renewed:   tiktok-events destinations resume web:C0PIXEL
All that are parked:    tiktok-events destinations resume --all
The events are wrong:   tiktok-events destinations resume web:C0PIXEL --bury

One request tries first; when it is accepted, the others follow at full speed. If the
cause is still there, the destination is parked again, and nothing is lost.

With --bury what waits becomes dead letters first, with the reason of the parking: mend them
with `tiktok-events dead edit`, then `tiktok-events dead replay`.

Exit codes: 0 resumed, 1 it was not parked, or the question was answered with no, 2 wrong usage.
"""


@click.group("destinations", help=GROUP_HELP)
def destinations() -> None:
    """Group the commands."""


@destinations.command("list", help=LIST_HELP)
@options.as_json
def list_destinations(*, as_json: bool) -> None:
    """List all destinations that are configured or seen."""
    settings = Settings.load()
    accounts = Destinations(settings)
    with open_store(settings) as store:
        seen = read_figures(store, settings)
        figures = with_recent(store, seen, configured_of(settings, accounts))
    rows = rows_of(settings, accounts, figures.destinations)
    if as_json:
        for row in rows:
            print_json(row.as_dict(figures.at) | figures.changes_of(row.figures.destination))
    elif rows:
        console().print(_table(rows, figures.at))
    else:
        console().print(_NONE_CONFIGURED if settings.access_token is None else _NONE_WAITING)


@destinations.command("park", help=PARK_HELP)
@click.argument("destination", callback=options.destination_key, metavar="DEST")
@click.option("--reason", default=BY_HAND, metavar="TEXT", help="For whoever finds it parked.")
@click.option("--unseen", is_flag=True, help="Though it is not configured and has no events.")
@options.as_json
def park(*, destination: str, reason: str, unseen: bool, as_json: bool) -> None:
    """Park one destination."""
    settings = Settings.load()
    configured = configured_of(settings, Destinations(settings))
    with open_store(settings) as store:
        seen = [one.destination for one in read_figures(store).destinations]
        if not unseen:
            _check_known(destination, {*configured, *seen})
        changed = Parking(store).park(destination, reason, who=operator(settings))
    if as_json:
        print_json({"destination": destination, "parked": True, "changed": changed})
    else:
        words = "is parked; its events wait" if changed else "was parked already"
        click.echo(f"{labelled(destination)} {words}.")
        click.echo(f"Next: tiktok-events destinations resume {destination}")


@destinations.command("resume", help=RESUME_HELP)
@click.argument("destination", callback=options.destination_key, metavar="[DEST]", required=False)
@click.option("--all", "every", is_flag=True, help="All that are parked.")
@click.option("--bury", is_flag=True, help="What waits becomes dead letters first.")
@options.yes
@options.as_json
def resume(*, destination: str | None, every: bool, bury: bool, yes: bool, as_json: bool) -> None:
    """Resume one destination, or all that are parked."""
    if (destination is None) != every:
        raise click.UsageError("give one destination, or --all")
    if bury and destination is None:
        raise click.UsageError("--bury is for one destination")
    settings = Settings.load()
    with open_store(settings) as store:
        seen = read_figures(store).destinations
        parked = {one.destination: one.waiting for one in seen if one.parked is not None}
        wanted = list(parked) if destination is None else [destination]
        if bury:
            chosen = [one for one in seen if one.destination in wanted]
            parked |= _bury(store, settings, chosen, yes=yes)
        parking, who = Parking(store), operator(settings)
        resumed = [one for one in wanted if parking.resume(one, who=who)]
    if destination is not None and not resumed:
        raise click.ClickException(f"{destination} is not parked{_near(destination, parked)}")
    _print_resumed(resumed, parked, as_json=as_json)


def _bury(
    store: Store, settings: Settings, seen: Iterable[DestinationFigures], *, yes: bool
) -> dict[str, int]:
    """Bury what waits for parked destinations; return how much still waits for each."""
    from worker.operations.burial import Burial  # noqa: PLC0415 — because only this loads the schemas

    left = {}
    for one in seen:
        if one.parked is None:
            continue
        confirm(f"Make {counted(one.waiting, 'waiting event')} dead letters?", yes=yes)
        consumer = f"{operator(settings)}:{uuid4().hex[:6]}"
        burial = Burial(store, consumer, settings)
        audit, done = Audit(store), 0
        act = acting(audit, Action.BURY, who=operator(settings), filter=one.destination)
        with act as entry, Bar("burying", one.waiting) as bar:
            for died in burial.run(Destination.from_key(one.destination), one.parked):
                audit.note(entry, by=died)
                done += died
                bar.advance(died)
        left[one.destination] = max(0, one.waiting - done)
    return left


def _print_resumed(resumed: list[str], waiting: dict[str, int], *, as_json: bool) -> None:
    for one in resumed:
        events = waiting.get(one, 0)
        if as_json:
            print_json({"destination": one, "parked": False, "waiting": events})
        else:
            click.echo(f"{labelled(one)} goes on; {counted(events, 'event')} waiting.")
    if not resumed and not as_json:
        click.echo("No destination is parked.")


def _check_known(destination: str, known: Iterable[str]) -> None:
    known = set(known)
    if destination not in known:
        raise click.ClickException(
            f"{destination} is not configured and has no events{_near(destination, known)}; "
            "--unseen parks it all the same"
        )


def _near(destination: str, others: Iterable[str]) -> str:
    near = difflib.get_close_matches(destination, others, n=_NEAR)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _table(rows: Sequence[Row], now: float) -> Table:
    table = plain_table()
    table.add_column("destination", no_wrap=True)
    table.add_column("token", no_wrap=True)
    for heading in ("waiting", "1 h", "24 h"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("limits", overflow="fold")
    table.add_column("state", overflow="fold")
    for row in rows:
        table.add_row(*_cells(row, now))
    return table


def _cells(row: Row, now: float) -> Iterator[Any]:
    figures = row.figures
    yield cell(labelled(figures.destination, _NAME_CHARS))
    yield "yes" if row.token else cell("no", style="bold red")
    yield f"{figures.waiting:,}"
    yield lately_text(figures.last_hour)
    yield lately_text(figures.last_day)
    yield "-" if figures.parked_at is None else age(now - figures.parked_at)
    yield ", ".join(f"{name} {value:,}" for name, value in row.limits.items()) or "-"
    yield state_text(figures, now)

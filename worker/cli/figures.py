"""`tiktok-events figures`: what was accepted, delivered and died, by the hour or the day."""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final

import click
from rich.table import Table

from worker.cli import options
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import age, cell, console, plain_table, print_json
from worker.letters.cells import cell_of
from worker.reporting.figures.names import (
    ACCEPTED,
    ANY,
    DELIVERED,
    LATENCIES_S,
    REQUESTS,
    SALVAGED,
    THOUSANDTHS,
    VALUE,
)
from worker.reporting.figures.period import DAY_S, KEPT_S
from worker.reporting.figures.reading import Asked, By, Row, read_asked
from worker.reporting.figures.summary import (
    dead,
    document,
    of_all_events,
    slow_s,
    under,
    values,
)
from worker.settings import Settings

ALL: Final = "all"
"""What the table calls all destinations, and all events, together."""

_LOOK_BACK_S: Final = {"hour": DAY_S - 3_600, "day": 6 * DAY_S}
_NAME_CHARS: Final = 25
_EVENT_CHARS: Final = 16
_OF_NO_EVENT: Final = ("salvaged", "requests")
"""Columns that give way to that of the names."""


HELP: Final = f"""Show what was accepted, delivered and died, by hour or day.

\b
The last 24 hours, all together:    tiktok-events figures
The last seven days:                tiktok-events figures --by day
One destination, by event name:     tiktok-events figures --destination web:C0PIXEL --events
Every destination, for a sheet:     tiktok-events figures --each --events --by day --csv

\b
    accepted    events for which track() returned in that hour
    delivered   the API said code 0
    dead        became dead letters
    salvaged    places of delivered events that were mended or left out
    requests    sent to the API; they belong to a destination, not to an event
    p95         within so long of their acceptance 95 % were delivered
    value       worth of what was delivered

Hours and days are in UTC, those of the server's clock. They are kept for {KEPT_S // DAY_S} days;
when they take more than TIKTOK_EVENTS_FIGURES_MAX_MB the oldest hours are given up, not the days.
With --csv and --json also dead by reason, salvaged by field, match keys, and latency in seconds.

Exit codes: 0 shown, 1 Redis cannot be used, 2 wrong usage.
"""


def _choice(command: Callable[..., None]) -> Any:
    """The options that say which figures; the command gets them as `asked`."""

    @wraps(command)
    def with_choice(
        *,
        by: By,
        since: float | None,
        until: float | None,
        destination: str | None,
        each: bool,
        event: str | None,
        **given: Any,
    ) -> None:
        if each and destination is not None:
            raise click.UsageError("give --destination, or --each")
        until = time.time() if until is None else until
        since = until - _LOOK_BACK_S[by] if since is None else since
        of = None if each else destination or ANY
        command(asked=Asked(since, until, by, of, event), **given)

    for option in reversed(_OPTIONS):
        with_choice = option(with_choice)
    return with_choice


_OPTIONS: Final = (
    click.option(
        "--by",
        type=click.Choice(["hour", "day"]),
        default="hour",
        show_default=True,
        help="What a row is of.",
    ),
    click.option(
        "--since",
        callback=options.timestamp,
        metavar="WHEN",
        help="Not before: 2h, 3d, 2026-11-22.",
    ),
    click.option("--until", callback=options.timestamp, metavar="WHEN", help="Not after."),
    click.option(
        "--destination", callback=options.destination_key, metavar="DEST", help="Only of this one."
    ),
    click.option("--each", is_flag=True, help="A row for each destination."),
    click.option("--event", metavar="NAME", help="Only events of this name."),
)


@click.command("figures", help=HELP)
@_choice
@click.option("--events", is_flag=True, help="A row for each event name.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@options.as_json
def figures(*, asked: Asked, events: bool, as_csv: bool, as_json: bool) -> None:
    """Show the rows."""
    if as_csv and as_json:
        raise click.UsageError("give --csv, or --json")
    with open_store(Settings.load()) as store:
        found = read_asked(store, asked)
    rows = found if events or asked.event is not None else of_all_events(found)
    if as_csv:
        _write_csv(rows)
    elif as_json:
        for row in rows:
            print_json(document(row))
    elif rows:
        console().print(_table(rows, each=asked.destination is None, events=events))
    else:
        console().print("Nothing was counted in that time.")


def _write_csv(rows: Sequence[Row]) -> None:
    """One column for each figure that any row has."""
    names = sorted({name for row in rows for name in row.figures})
    writer = csv.writer(sys.stdout)
    writer.writerow(["at", "destination", "event", *names])
    for row in rows:
        at, destination = datetime.fromtimestamp(row.at, UTC), _all(row.destination)
        figures = (_amount(name, row.figures.get(name, 0)) for name in names)
        writer.writerow(map(cell_of, (at, destination, row.event, *figures)))


def _amount(name: str, number: int) -> float:
    """A figure as a sheet has it: values in their currency."""
    return number / THOUSANDTHS if name.startswith(VALUE) else number


def _table(rows: Sequence[Row], *, each: bool, events: bool) -> Table:
    table = plain_table()
    table.add_column("from, UTC", no_wrap=True)
    for heading, is_shown in (("destination", each), ("event", events)):
        if is_shown:
            table.add_column(heading, no_wrap=True)
    for heading in ("accepted", "delivered", "dead", *(() if events else _OF_NO_EVENT), "p95"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("value", justify="right", overflow="fold")
    for row in rows:
        if not events or row.figures.keys() != {REQUESTS}:
            table.add_row(*_cells(row, each=each, events=events))
    return table


def _cells(row: Row, *, each: bool, events: bool) -> Iterator[Any]:
    yield f"{datetime.fromtimestamp(row.at, UTC):%m-%d %H:%M}"
    if each:
        yield cell(labelled(row.destination, _NAME_CHARS))
    if events:
        yield cell(row.event or "-", _EVENT_CHARS)
    figures = row.figures
    yield f"{figures.get(ACCEPTED, 0):,}"
    yield f"{figures.get(DELIVERED, 0):,}"
    yield f"{dead(figures):,}"
    if not events:
        yield f"{sum(under(figures, SALVAGED).values()):,}"
        yield f"{figures.get(REQUESTS, 0):,}"
    yield slow_text(figures)
    yield cell(" · ".join(f"{worth:,.2f} {name}" for name, worth in values(figures).items()))


def slow_text(figures: Mapping[str, int]) -> str:
    """Within how long 95 % were delivered: `5s`; `>1d` beyond the last bucket; `-` of none."""
    slow = slow_s(figures)
    if slow is None:
        return "-"
    return age(slow) if math.isfinite(slow) else f">{age(LATENCIES_S[-2])}"


def _all(destination: str) -> str:
    return ALL if destination == ANY else destination

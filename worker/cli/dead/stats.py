"""`tiktok-events dead stats`: what the dead letters have in common, worth what, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.cli import options
from worker.cli.dead.letters import NO_LETTERS
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import cell, console, counted, plain_table, print_json, until
from worker.letters.facets import Facets, Sum
from worker.letters.filter import LetterFilter
from worker.letters.ledger import HOUR_S, THOUSANDTHS
from worker.letters.retention import due_within_a_day
from worker.settings import Settings

TOP: Final = 6
"""A table has so many lines."""

HELP: Final = """Show what dead letters have in common, and are worth.

\b
All of them:                      tiktok-events dead stats
Of one pixel, the last two hours: tiktok-events dead stats --destination web:C0PIXEL --since 2h
What can still be sent:           tiktok-events dead stats --recoverable
The value of it, per currency:    tiktok-events dead stats --json | jq .money
Every message, not the top ones:  tiktok-events dead stats --top 1000

\b
letters       how many died of it
recoverable   how many of them can still be sent: replay them before they expire
expires       when the first of those does
value         of those, in the currency that has most letters; +2 more are two others

Messages and names stand without numbers (#) and quotations ("…"), so that equal ones meet.
Times are counted by whole hours.

Exit codes: 0 shown, 1 Redis cannot be used, 2 wrong usage.
"""

_TITLES: Final = {
    "reason": "reason",
    "code": "code",
    "field": "field",
    "message": "message",
    "event": "event",
    "destination": "destination",
    "source": "source",
    "ambiguous": "may have been accepted unseen",
    "age": "died ago",
    "time_left": "expires in",
}
_IN_ORDER: Final = frozenset({"age", "time_left"})
_OF_ONE_NOTHING_NEW: Final = frozenset({"source", "ambiguous"})
"""Tables that are left out when they would have one line: it would say nothing new."""

_NAME_CHARS: Final = 40
_NOTHING: Final = "-"


@click.command("stats", help=HELP)
@options.letter_filters
@click.option(
    "--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Lines of a table."
)
@options.as_json
def stats(*, wanted: LetterFilter, top: int, as_json: bool) -> None:
    """Show the facets of the letters that match."""
    settings = Settings.load()
    with open_store(settings) as store:
        facets = Facets.read(store, wanted)
        soon = due_within_a_day(store, settings, facets.at)
    if as_json:
        print_json(facets.as_dict() | {"purged_within_a_day": soon})
    elif facets.total.letters:
        _print(console(), facets, top, soon)
    else:
        console().print("No dead letter matches." if wanted.narrows else NO_LETTERS)


def _print(out: Console, facets: Facets, top: int, soon: int) -> None:
    out.print(cell(_headline(facets)))
    if soon:
        out.print(f"{soon:,} of all will be purged within 24 h: dead for DEAD_KEEP_DAYS.")
    if facets.total.money:
        out.print()
        out.print(_money_table(facets.total))
    for name, title in _TITLES.items():
        sums = facets.groups[name]
        if not (set(sums) == {None} or (name in _OF_ONE_NOTHING_NEW and len(sums) == 1)):
            out.print()
            out.print(_table(title, sums, facets.at, None if name in _IN_ORDER else top))
    out.print("\nNext: tiktok-events dead list, with the same filters · dead show ID · dead replay")


def _headline(facets: Facets) -> str:
    total = facets.total
    letters = counted(total.letters, "dead letter")
    most = "" if facets.exact else "At most "
    if total.soonest is None:
        return f"{most}{letters}; none of them can be sent any more: all are too old."
    first = max(total.soonest * HOUR_S, facets.at)
    return (
        f"{most}{letters}; {total.recoverable:,} can still be sent, "
        f"the first until {datetime.fromtimestamp(first, UTC):%Y-%m-%d %H:%M} UTC."
    )


def _money_table(total: Sum) -> Table:
    table = plain_table("currency")
    for heading in ("value", "can be recovered", "lost"):
        table.add_column(heading, justify="right")
    for currency, (all_, alive) in sorted(total.money.items()):
        table.add_row(cell(currency), *map(_amount, (all_, alive, all_ - alive)))
    return table


def _table(title: str, sums: Mapping[Any, Sum], now: float, top: int | None) -> Table:
    table = plain_table()
    table.add_column(title, no_wrap=True, min_width=_NAME_CHARS)
    for heading in ("letters", "recoverable", "expires", "value"):
        table.add_column(heading, justify="right", no_wrap=True)
    is_key = title == _TITLES["destination"]
    for row in list(_rows(sums, now, is_key=is_key))[:top]:
        table.add_row(*row)
    if top is not None and len(sums) > top:
        table.add_row(Text(f"and {len(sums) - top:,} more: --top {len(sums)}", style="dim"))
    return table


def _rows(
    sums: Mapping[Any, Sum], now: float, *, is_key: bool
) -> Iterator[tuple[Text, str, str, str, Text]]:
    for value, one in sums.items():
        expires = _NOTHING if one.soonest is None else _expires(one.soonest * HOUR_S, now)
        yield (
            cell(_name(value, is_key=is_key), _NAME_CHARS),
            f"{one.letters:,}",
            f"{one.recoverable:,}",
            expires,
            cell(_value(one)),
        )


def _expires(timestamp: float, now: float) -> str:
    return until(timestamp, now, past="now")


def _name(value: object, *, is_key: bool) -> str:
    if is_key and isinstance(value, str) and value:
        return labelled(value, _NAME_CHARS)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _NOTHING if value in {None, ""} else str(value)


def _value(one: Sum) -> str:
    """What can be recovered, of the currency that is worth naming first."""
    alive = {currency: amount for currency, (_, amount) in one.money.items() if amount}
    if not alive:
        return _NOTHING
    currency = max(alive, key=lambda name: (alive[name], name))
    others = f" +{len(alive) - 1}" if len(alive) > 1 else ""
    return f"{_amount(alive[currency])} {currency}{others}"


def _amount(thousandths: int) -> str:
    return f"{thousandths / THOUSANDTHS:,.2f}"

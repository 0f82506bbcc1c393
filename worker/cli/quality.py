"""`tiktok-events quality`: how well events can be matched, and what is at risk of being lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import click
from rich.table import Table
from rich.text import Text

from worker.cli import options
from worker.cli.coverage import coverage_tables, share_text
from worker.cli.store import open_store
from worker.cli.terminal import cell, console, plain_table, print_json
from worker.operations.quality.at_risk import Risk, read_at_risk
from worker.operations.quality.coverage import Coverage, coverages, hours_needed, read_counts
from worker.operations.quality.summary import SOON_H, Quality
from worker.operations.status import read_figures
from worker.settings import Settings

HELP: Final = """Show how well events can be matched, and what is at risk.

\b
The last 24 hours:                   tiktok-events quality
This hour and the one before:        tiktok-events quality --hours 2
One destination, for a program:      tiktok-events quality --destination web:C0PIXEL --json

Coverage is the share of delivered events that had a match key; junk is no match key. A figure
after it, such as -3, says by how many points it differs from the same hours of the seven days
before. TikTok's event match quality is a weighted average of such shares.

At risk is what waits, is parked, is delayed, or is dead but can still be sent: what it is worth,
and within how many hours it is lost. Of long outboxes some blocks stand for the others.

Exit codes: 0 shown, 1 Redis cannot be used, 2 wrong usage.
"""


@click.command("quality", help=HELP)
@click.option(
    "--hours", type=click.IntRange(1, 24), default=24, show_default=True, help="The last so many."
)
@click.option(
    "--destination", callback=options.destination_key, metavar="DEST", help="Only of this one."
)
@options.as_json
def quality(*, hours: int, destination: str | None, as_json: bool) -> None:
    """Show coverage, then what is at risk."""
    settings = Settings.load()
    with open_store(settings) as store:
        figures = read_figures(store)
        names = None if destination is None else [destination]
        counts = read_counts(store, figures.at, hours_needed(hours), names)
        risks = read_at_risk(store, settings, figures, only=destination)
    found = coverages(counts, figures.at, hours)
    if as_json:
        for document in (*map(Coverage.as_dict, found), *map(Risk.as_dict, risks)):
            print_json(document)
        return
    out = console()
    for part in coverage_tables(found) if found else ("Nothing was delivered in that time.", ""):
        out.print(part)
    out.print(risk_table(risks) if risks else "Nothing is at risk.")


def risk_table(risks: Sequence[Risk]) -> Table:
    """What is at risk, for people."""
    table = plain_table("at risk", "lost within")
    table.add_column("events", justify="right", no_wrap=True)
    table.add_column("worth", justify="right", overflow="fold")
    for (state, within_h), group in groupby(sorted(risks, key=_place), _place):
        ones = list(group)
        table.add_row(state, f"{within_h} h", f"{sum(one.events for one in ones):,}", _worth(ones))
    return table


def _place(risk: Risk) -> tuple[str, int]:
    return risk.state, risk.within_h


def _worth(risks: Sequence[Risk]) -> str:
    return " · ".join(f"{one.value:,.2f} {one.currency}" for one in risks if one.currency) or "-"


def quality_lines(quality: Quality) -> Iterator[Text]:
    """What is to be told with the figures of a moment: what has fallen, what is at risk."""
    for one in quality.fallen():
        words = f"coverage of {one.event or 'nameless events'} has fallen: {share_text(one)}"
        yield cell(words, style="bold red")
    if worth := quality.worth():
        soon = quality.worth(SOON_H)
        of_it = f", of it {_money(soon)} within {SOON_H} h" if soon else ""
        yield Text(f"at risk: {_money(worth)}{of_it}: tiktok-events quality")


def _money(worth: Mapping[str, float]) -> str:
    return " · ".join(f"{value:,.2f} {currency}" for currency, value in worth.items())

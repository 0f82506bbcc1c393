"""`tiktok-events status`: how many events are where, and what each destination is doing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tiktok_events.outbox.store import Store
from worker.cli import options
from worker.cli.labelled import labelled
from worker.cli.quality import quality_lines
from worker.cli.store import open_store
from worker.cli.terminal import age, cell, console, counted, plain_table, print_json, until, utc
from worker.letters.retention import WHY
from worker.operations.destination_figures import Condition, DestinationFigures, Lately
from worker.operations.quality.summary import Quality, read_quality
from worker.operations.recent import with_recent
from worker.operations.status import Figures, read_figures
from worker.outbox.server_clock import DAY_S, JUDGES_WITHIN_S, clock_words
from worker.reporting.stored import named
from worker.settings import Settings

SHOWN: Final = 20
"""So many destinations are in the table; --json has them all."""

SHOWN_PATHS: Final = 4
"""So many mended or left-out places are shown; --json has them all, also by destination."""

Look = tuple[Figures, Quality]

EVERY_S: Final = 2.0
_STYLES: Final = {Condition.OK: "", Condition.BACKING_OFF: "yellow", Condition.PARKED: "bold red"}
_URGENCY: Final = {Condition.PARKED: 0, Condition.BACKING_OFF: 1, Condition.OK: 2}
_NAME_CHARS: Final = 40

HELP: Final = """Show what waits, and how each destination is doing.

\b
Once:                     tiktok-events status
Kept current:             tiktok-events status --watch
Backlog, for an alarm:    tiktok-events status --json | jq .waiting
Parked destinations:
    tiktok-events status --json | jq -r '.destinations[] | select(.parked).destination'

\b
Figures count since the first start:
    accepted    events for which track() returned
    waiting     not sent yet, or sent and not answered
    delayed     tracked with a delay; their time has not come
    cancelled   taken back while they were delayed
    delivered   the API said code 0
    salvaged    fields that were mended or left out of what was delivered, each field of an
                event once, the most frequent first: tiktok-events explain tells why
    remarks     what the producer changed: keys of user that it read as others (read_as), left
                out (left_out: key and reason) or that held a word for nothing (junk)
    died        became dead letters, by reason
    requests    sent to the API
    foreign     messages in our queue that hold no event

accepted + replayed must equal delivered + waiting + died, and what is delayed, was cancelled,
or was erased while it waited (tiktok-events erase): no event is lost unseen.

1 h and 24 h are what was delivered, and what died, in the hour that runs and the one before, and
in the 24 hours up to now; also of a destination that is idle: tiktok-events figures has more.

\b
What a destination is doing:
    ok            its events are sent as they come
    backing off   it failed; one request tries again at the time shown
    parked        it waits for you: tiktok-events destinations resume; its events still
                  expire, the first at the time shown

Exit codes: 0 shown, 1 Redis cannot be used, 2 wrong usage.
"""


@click.command("status", help=HELP)
@click.option("--watch", is_flag=True, help="Again and again, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.1, 3600),
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch looks.",
)
@options.as_json
def status(*, watch: bool, every_s: float, as_json: bool) -> None:
    """Show the figures, once or again and again."""
    settings = Settings.load()
    with open_store(settings) as store, suppress(KeyboardInterrupt):
        if watch:
            _watch(store, settings, every_s, as_json=as_json)
        _show(_look(store, settings), as_json=as_json)


def _show(look: Look, *, as_json: bool) -> None:
    if as_json:
        figures, quality = look
        print_json(figures.as_dict() | quality.as_dict())
    else:
        console().print(picture(*look))


def _look(store: Store, settings: Settings) -> Look:
    figures = with_recent(store, read_figures(store, settings))
    return figures, read_quality(store, settings, figures)


def _watch(store: Store, settings: Settings, every_s: float, *, as_json: bool) -> None:
    out = console()
    if as_json or not out.is_terminal:
        for look in _looks(store, settings, every_s):
            _show(look, as_json=as_json)
        return
    with Live(console=out, auto_refresh=False, screen=True) as live:
        for look in _looks(store, settings, every_s):
            live.update(picture(*look), refresh=True)


def _looks(store: Store, settings: Settings, every_s: float) -> Iterator[Look]:
    while True:
        yield _look(store, settings)
        time.sleep(every_s)


def picture(figures: Figures, quality: Quality) -> RenderableType:
    """The figures, for people."""
    told = [*_accounting(figures), *quality_lines(quality)]
    return Group(_totals(figures), Text(), *told, Text(), *_destinations(figures))


def _totals(figures: Figures) -> Table:
    table = plain_table()
    table.show_header = False
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for name, count, words in _total_rows(figures):
        table.add_row(name, f"{count:,}", words)
    return table


def _total_rows(figures: Figures) -> Iterator[tuple[str, int, str]]:
    buried = figures.buried
    yield "accepted", figures.count("accepted"), ""
    yield "waiting", figures.waiting, _oldest(figures)
    if figures.delayed:
        yield "delayed", figures.delayed, _next_release(figures)
    yield "delivered", figures.count("delivered"), ""
    yield from _change_rows(figures)
    if cancelled := figures.count("cancelled"):
        yield "cancelled", cancelled, "while they were delayed"
    if erased := figures.count("erased"):
        yield "erased", erased, "while they waited; of those who asked for it"
    yield "died", sum(buried.values()), " · ".join(f"{name} {n:,}" for name, n in buried.items())
    yield "  replayed", figures.count("replayed"), ""
    yield "  purged", figures.count("purged"), _by_retention(figures)
    if imported := figures.count("imported"):
        yield "  imported", imported, "back from a file"
    yield "  dead now", figures.dead, "see tiktok-events dead list" if figures.dead else ""
    if soon := figures.purged_within_a_day:
        yield "  of them", soon, "will be purged within 24 h, dead for DEAD_KEEP_DAYS"
    yield "requests", figures.count("requests"), ""
    if lost := figures.lost_shards:
        yield "lost shards", len(lost), "their leaders do not answer; none of this counts them"
    if foreign := sum(figures.foreign.values()):
        yield "foreign", foreign, "messages that could hold no event"


def _change_rows(figures: Figures) -> Iterator[tuple[str, int, str]]:
    for name, changes in (("salvaged", figures.salvaged), ("remarks", figures.remarks)):
        if changes:
            yield f"  {name}", sum(changes.values()), _most(changes)


def _most(salvaged: Mapping[str, int]) -> str:
    """Those that were counted most often."""
    most = sorted(salvaged.items(), key=lambda item: (-item[1], item[0]))
    shown = " · ".join(f"{path} {count:,}" for path, count in most[:SHOWN_PATHS])
    return f"{shown} · …" if len(most) > SHOWN_PATHS else shown


def _by_retention(figures: Figures) -> str:
    count = figures.count(f"purged:{WHY}")
    return f"{count:,} by retention" if count else ""


def _oldest(figures: Figures) -> str:
    known = [one.oldest_at for one in figures.destinations if one.oldest_at is not None]
    return f"the oldest for {age(figures.at - min(known))}" if known else ""


def _next_release(figures: Figures) -> str:
    if figures.next_release_at is None:
        return ""
    return f"the next is released {until(figures.next_release_at, figures.at, past='now')}"


def _accounting(figures: Figures) -> Iterator[Text]:
    rare = {
        "delayed": figures.delayed,
        "cancelled": figures.count("cancelled"),
        "erased": figures.count("erased"),
    }
    others = "".join(f" + {name}" for name, count in rare.items() if count)
    rule = f"accepted + replayed = delivered + waiting + died{others}"
    yield _equation(rule, figures.unaccounted, "event")
    if figures.dead_unaccounted:
        imported = " + imported" if figures.count("imported") else ""
        rule = f"died{imported} = replayed + purged + dead now"
        yield _equation(rule, figures.dead_unaccounted, "dead letter")
    for worker, ahead_s in sorted(figures.clocks.items()):
        yield _clock(worker, ahead_s)
    for place in named(figures.junk):
        yield Text.assemble(("junk in Redis, counted as nothing: ", "bold red"), cell(place))


def _clock(worker: str, ahead_s: float) -> Text:
    words = f"the clock of {worker} {clock_words(ahead_s)}"
    return cell(words, style="bold red" if abs(ahead_s) > JUDGES_WITHIN_S else "yellow")


def _equation(rule: str, difference: int, noun: str) -> Text:
    if difference == 0:
        return Text.assemble(f"{rule}: ", ("OK, every event is accounted for", "green"))
    words = f"{counted(abs(difference), noun)} {'missing' if difference > 0 else 'too many'}"
    return Text.assemble(f"{rule}: ", (words, "bold red"))


def _destinations(figures: Figures) -> Iterator[RenderableType]:
    if not figures.destinations:
        yield Text("No destination has anything waiting, or had in the last day.")
        return
    urgent_first = sorted(figures.destinations, key=lambda one: _urgency(one, figures.at))
    yield _destination_table(urgent_first[:SHOWN], figures.at)
    if (hidden := len(urgent_first) - SHOWN) > 0:
        yield Text(f"{counted(hidden, 'destination')} not shown; --json has them all")


def _urgency(one: DestinationFigures, now: float) -> tuple[int, int, str]:
    return _URGENCY[one.condition(now)], -one.waiting, one.destination


def _destination_table(destinations: list[DestinationFigures], now: float) -> Table:
    table = plain_table()
    table.add_column("destination", no_wrap=True)
    for heading in ("waiting", "oldest", "failures", "due", "1 h", "24 h"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for one in destinations:
        table.add_row(*_row(one, now))
    return table


def _row(one: DestinationFigures, now: float) -> Iterator[str | Text]:
    yield cell(labelled(one.destination, _NAME_CHARS))
    yield f"{one.waiting:,}"
    yield "-" if one.oldest_at is None else age(now - one.oldest_at)
    yield f"{one.failures:,}"
    yield "-" if one.due_at is None else until(one.due_at, now, past="now")
    yield lately_text(one.last_hour)
    yield lately_text(one.last_day)
    yield state_text(one, now)


def lately_text(lately: Lately | None) -> Text:
    """How many were delivered, and how many died: `1,204 3 dead`."""
    if lately is None or not any((lately.accepted, lately.delivered, lately.dead)):
        return Text("-")
    died = (f" {lately.dead:,} dead", "red") if lately.dead else ""
    return Text.assemble(f"{lately.delivered:,}", died)


def state_text(one: DestinationFigures, now: float) -> Text:
    """What a destination is doing, in words."""
    condition = one.condition(now)
    words = condition.value
    if condition is Condition.PARKED:
        words = f"parked: {one.parked}{_first_expiry(one, now)}"
    elif condition is Condition.BACKING_OFF and one.not_before is not None:
        ends = utc(one.not_before)
        words = f"backing off until {ends[11:] if one.not_before - now < DAY_S else ends}"
    return cell(words, style=_STYLES[condition])


def _first_expiry(one: DestinationFigures, now: float) -> str:
    if one.expires_at is None:
        return ""
    return f" (first event expires {until(one.expires_at, now, past='now')})"

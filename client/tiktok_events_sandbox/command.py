"""The command `sandbox`, which runs the simulator of the Events API as a process.

The worker has it as `tiktok-events sandbox`; the client alone has it as `tiktok-events-sandbox`,
with the extra `sandbox`.
"""

from __future__ import annotations

import dataclasses
import signal
import sys
import threading
from contextlib import contextmanager
from itertools import islice
from textwrap import fill
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tiktok_events_sandbox import Sandbox, ScenarioError
from tiktok_events_sandbox.effects import EFFECTS
from tiktok_events_sandbox.faults import Match

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from tiktok_events_sandbox import Figures, Report
    from tiktok_events_sandbox.effects import Effect

STATE_EVERY_S: Final = 2.0
WIDTH: Final = 100
"""Columns of output that goes to no terminal: it fits a ticket and a log."""

# Destinations in the table; the JSON report has them all.
SHOWN_DESTINATIONS: Final = 20

_COLUMNS: Final = {
    "requests": "requests",
    "received": "events_received",
    "accepted": "events_accepted",
    "distinct": "distinct",
    "merged": "merged",
    "repeated": "repeated",
}


def effects_text() -> str:
    """Return every kind of fault, with its fields and what it does, as text for the help."""
    return "\n".join(f"    {line}" for name, kind in EFFECTS.items() for line in _lines(name, kind))


def _lines(name: str, kind: type[Effect]) -> Iterator[str]:
    said = ", ".join(field.name for field in dataclasses.fields(kind))
    does = (kind.__doc__ or "").partition("\n")[0].replace("``", "")
    yield f"{name:<10}{does}"
    if said:
        yield f"{'':<10}{said}"


def match_text() -> str:
    """Return what a rule can match, as text for the help."""
    names = ", ".join(field.name for field in dataclasses.fields(Match))
    return fill(names, 92, initial_indent="    ", subsequent_indent="    ")


HELP: Final = f"""Simulate TikTok's Events API 2.0 on this machine.

\b
Any token is taken, port 20443:
    tiktok-events sandbox
    export TIKTOK_EVENTS_API_URL=http://127.0.0.1:20443

\b
One token, good for two pixels:
    tiktok-events sandbox --token secret=C0PIXEL0ONE,C0PIXEL0TWO

\b
A bad half minute, the same each time:
    tiktok-events sandbox --scenario outage --seed 7 --latency-ms 150

\b
Figures while it runs, a fault from outside, the end of all faults:
    curl http://127.0.0.1:20443/sandbox/report
    curl http://127.0.0.1:20443/sandbox/rules \\
      -d '{{"match": {{"times": 1}}, "effect": {{"kind": "throttle", "for_s": 5}}}}'
    curl -X DELETE http://127.0.0.1:20443/sandbox/rules

\b
What came, with a verdict on each field:
    http://127.0.0.1:20443/         in a browser, like Test events in Events Manager
    http://127.0.0.1:20443/events   as JSON

\b
Faults, each the `effect` of a rule, with what can be said of it:
{effects_text()}

\b
Whom a rule strikes, its `match`; all that is given must hold:
{match_text()}

It runs until SIGINT or SIGTERM and then prints its report: a table on a terminal,
else one JSON object. Shipped scenarios: outage, poison.

Exit codes: 0 it ran, 1 the port is taken, 2 a wrong option or scenario.
"""


def read_tokens(values: tuple[str, ...]) -> dict[str, frozenset[str] | None] | None:
    """Return the tokens and their ids, from ``TOKEN`` or ``TOKEN=ID,ID``; ``None`` without any.

    Raises:
        click.BadParameter: a token is empty. The message does not repeat tokens.
    """
    tokens: dict[str, frozenset[str] | None] = {}
    for position, value in enumerate(values, 1):
        token, _, ids = value.partition("=")
        if not token:
            raise click.BadParameter(f"number {position} has no token; give TOKEN or TOKEN=ID,ID")
        tokens[token] = frozenset(filter(None, ids.split(","))) or None
    return tokens or None


@click.command("sandbox", help=HELP)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=20_443,
    show_default=True,
    help="TCP port; 0 for any.",
)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="TOKEN[=ID,ID]",
    callback=lambda _context, _option, values: read_tokens(values),
    help="A token that exists, and the ids it may report for. Repeatable. Default: any token.",
)
@click.option("--scenario", metavar="FILE", help="Fault rules: TOML, JSON or a shipped name.")
@click.option(
    "--latency-ms", type=click.FloatRange(0, 600_000), default=0.0, help="Time before each answer."
)
@click.option("--seed", type=int, default=0, help="For rules that strike a share of requests.")
@click.option("--with-index", is_flag=True, help="Refusals name the event's index in its batch.")
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse what the portal asks for but nobody has seen refused: null, no page.url, "
    "no app_id, no lead_id.",
)
@click.option("--open-control", is_flag=True, help="Let other machines use /sandbox/.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON, also on a terminal.")
def sandbox(*, as_json: bool, **settings: object) -> None:
    """Run the simulator until a signal, then report."""
    server = _start(settings)
    try:
        with _until_signal() as ended:
            click.echo(f"export TIKTOK_EVENTS_API_URL={server.url}", err=True)
            click.echo(f"# what comes in, for a browser: {server.url}/", err=True)
            _show_state(server, ended)
    finally:
        server.stop()
    print_report(server.report(), as_json=as_json or not sys.stdout.isatty())


def _start(settings: dict[str, object]) -> Sandbox:
    try:
        return Sandbox(**settings).start()  # type: ignore[arg-type]  # click made the types
    except ScenarioError as error:
        raise click.BadParameter(str(error), param_hint="--scenario") from error
    except OSError as error:
        address = f"{settings['host']}:{settings['port']}"
        raise click.ClickException(f"cannot listen on {address}: {error.strerror}") from error


@contextmanager
def _until_signal() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; restore the former handlers afterwards."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    former = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _show_state(server: Sandbox, ended: threading.Event) -> None:
    """Wait for the end; on a terminal, keep a line of figures up to date."""
    on_terminal = sys.stderr.isatty()
    while not ended.wait(STATE_EVERY_S):
        if on_terminal:
            click.echo(f"\r\x1b[K{state_line(server.report())}", nl=False, err=True)
    if on_terminal:
        click.echo(err=True)


def state_line(report: Report) -> str:
    """Return the current figures in one line."""
    refused = sum(report.refused_requests.values())
    return (
        f"{report.requests:,} requests · {report.events_accepted:,} events accepted · "
        f"{report.distinct:,} distinct · {refused:,} refused · "
        f"{sum(report.faults.values()):,} disturbed"
    )[:WIDTH]


def print_report(report: Report, *, as_json: bool) -> None:
    """Print one JSON object, or a table of at most 100 columns."""
    if as_json:
        click.echo(report.to_json())
        return
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = WIDTH
    out.print(_destination_table(report))
    if (hidden := len(report.destinations) - SHOWN_DESTINATIONS) > 0:
        out.print(f"{hidden:,} destinations not shown; --json has them all")
    for title, counts in (
        ("refused, by code", report.refused_requests),
        ("disturbed, by rule", report.faults),
    ):
        for name, requests in counts.items():
            out.print(f"{title}: {name}: {requests:,}", markup=False)


def _destination_table(report: Report) -> Table:
    table = Table("destination", title="What the sandbox saw")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figures in islice(report.destinations.items(), SHOWN_DESTINATIONS):
        table.add_row(*_row(name, figures))
    table.add_section()
    table.add_row(*_row("all", report))
    return table


def _row(name: str, figures: Figures) -> list[str | Text]:
    counts = (getattr(figures, field) for field in _COLUMNS.values())
    return [Text(_printable(name)), *(f"{count:,}" for count in counts)]


def _printable(text: str) -> str:
    """Return text of a request without characters that would control a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)

"""`tiktok-events replays`: those that are under way, and those that have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click
from rich.table import Table

from tiktok_events.client import connect
from worker.cli import options
from worker.cli.dead.replay_report import counted_rate, print_replay
from worker.cli.dead.replay_watch import found
from worker.cli.dead.replay_watch import watch as follow
from worker.cli.labelled import labelled
from worker.cli.terminal import age, cell, console, facts_table, plain_table, print_json, utc
from worker.replays.orders import KEPT, Replays
from worker.replays.replay import Replay, ReplayState
from worker.reporting.audit import operator
from worker.settings import Settings

_BY_CHARS: Final = 14
_FILTER_CHARS: Final = 34
_UNKNOWN: Final = "-"

GROUP_HELP: Final = """See how far replays are, pause, resume and cancel them.

\b
All of them:                    tiktok-events replays list
How far is it?                  tiktok-events replays watch 3
Let live events have the API:   tiktok-events replays pause 3
Go on:                          tiktok-events replays resume 3

`tiktok-events dead replay` asks for one; the workers do it, whether or not anybody watches.
"""

LIST_HELP: Final = f"""List replays, the newest first.

\b
For people:       tiktok-events replays list
Those that run:   tiktok-events replays list --json | jq 'select(.state == "running")'

\b
    left    letters that it has not come to
    state   of one that runs, also which destinations it waits for:
            parked       it waits for you: tiktok-events destinations resume
            backing off  it failed a moment ago
            full         enough events wait there; live ones come first

Of those that have ended the newest {KEPT} are kept.

Exit codes: 0 listed, 1 Redis cannot be used, 2 wrong usage.
"""

SHOW_HELP: Final = """Show one replay.

\b
For people:     tiktok-events replays show 3
For programs:   tiktok-events replays show 3 --json | jq .left

Exit codes: 0 shown, 1 there is no such replay, 2 wrong usage.
"""

WATCH_HELP: Final = """Watch a replay until it ends, or waits for a person.

\b
With a bar:            tiktok-events replays watch 3
And then, in a script: tiktok-events replays watch 3 --json | jq .state

Ctrl-C leaves it running.

Exit codes: 0 watched, 1 there is no such replay, 2 wrong usage.
"""

PAUSE_HELP: Final = """Pause a replay: from now on none of its letters is sent.

\b
Now:      tiktok-events replays pause 3
Go on:    tiktok-events replays resume 3

What went back into its outbox before is delivered all the same.

Exit codes: 0 paused, also if it was before, 1 it has ended or never was, 2 wrong usage.
"""

RESUME_HELP: Final = """Let a paused replay go on where it was.

\b
    tiktok-events replays resume 3

Exit codes: 0 it runs, also if it did before, 1 it has ended or never was, 2 wrong usage.
"""

CANCEL_HELP: Final = """Cancel a replay for good; what it has replayed stays replayed.

\b
    tiktok-events replays cancel 3

The letters that are left stay dead letters; a new replay can be asked for at any time.

Exit codes: 0 cancelled, also if it was before, 1 it has finished or never was, 2 wrong usage.
"""

_number = click.argument("number", metavar="N", type=click.IntRange(min=1))


@click.group("replays", help=GROUP_HELP)
def replays() -> None:
    """Hold the commands together."""


@replays.command("list", help=LIST_HELP)
@options.as_json
def list_replays(*, as_json: bool) -> None:
    """List the replays there are."""
    with connect(Settings.load()) as redis:
        known = list(Replays(redis))
    if as_json:
        for replay in known:
            print_json(replay.as_dict())
    elif known:
        console().print(_table(known, time.time()))
    else:
        console().print("There are no replays. Next: tiktok-events dead replay --help")


@replays.command("show", help=SHOW_HELP)
@_number
@options.as_json
def show(*, number: int, as_json: bool) -> None:
    """Show one replay."""
    with connect(Settings.load()) as redis:
        replay = found(Replays(redis), number)
    if as_json:
        print_json(replay.as_dict())
    else:
        console().print(facts_table(_named(replay, time.time())))


@replays.command("watch", help=WATCH_HELP)
@_number
@options.as_json
def watch(*, number: int, as_json: bool) -> None:
    """Watch one replay until it ends."""
    with connect(Settings.load()) as redis:
        replay, why = follow(Replays(redis), number)
    print_replay(replay, why, as_json=as_json)


@replays.command("pause", help=PAUSE_HELP)
@_number
@options.as_json
def pause(*, number: int, as_json: bool) -> None:
    """Pause one replay."""
    _change(number, Replays.pause, ReplayState.PAUSED, as_json=as_json)


@replays.command("resume", help=RESUME_HELP)
@_number
@options.as_json
def resume(*, number: int, as_json: bool) -> None:
    """Let one replay go on."""
    _change(number, Replays.resume, ReplayState.RUNNING, as_json=as_json)


@replays.command("cancel", help=CANCEL_HELP)
@_number
@options.as_json
def cancel(*, number: int, as_json: bool) -> None:
    """Cancel one replay."""
    _change(number, Replays.cancel, ReplayState.CANCELLED, as_json=as_json)


def _change(number: int, order: Callable[..., bool], wanted: ReplayState, *, as_json: bool) -> None:
    """Give an order; one that was followed before is not an error."""
    settings = Settings.load()
    with connect(settings) as redis:
        known = Replays(redis)
        order(known, number, who=operator(settings))
        replay = found(known, number)
    if replay.state is not wanted:
        raise click.ClickException(f"replay {number} is {replay.state}")
    if as_json:
        print_json(replay.as_dict())
    else:
        click.echo(f"Replay {number} is {replay.state}: {_progress(replay)}.")


def _progress(replay: Replay) -> str:
    return f"{replay.replayed:,} of {replay.request.selected:,} replayed, {replay.left:,} left"


def _table(known: Sequence[Replay], now: float) -> Table:
    table = plain_table()
    for heading in ("replay", "selected", "replayed", "skipped", "left"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    table.add_column("asked", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("filter", overflow="fold")
    for replay in known:
        table.add_row(*_cells(replay, now))
    return table


def _cells(replay: Replay, now: float) -> Iterator[Any]:
    yield str(replay.number)
    yield f"{replay.request.selected:,}"
    yield f"{replay.replayed:,}"
    yield f"{sum(replay.skipped.values()):,}"
    yield f"{replay.left:,}"
    yield cell(_state(replay))
    yield age(now - replay.request.asked_at)
    yield cell(replay.request.asked_by, _BY_CHARS)
    yield cell(replay.words, _FILTER_CHARS)


def _state(replay: Replay) -> str:
    waits = "; ".join(f"{why}: {labelled(name)}" for name, why in sorted(replay.waits_for.items()))
    return f"{replay.state}, {waits}" if waits else replay.state.value


def _named(replay: Replay, now: float) -> Iterator[tuple[str, str]]:
    request = replay.request
    yield "replay", str(replay.number)
    yield "state", _state(replay)
    yield "letters", replay.words
    yield "rate", counted_rate(request.rate)
    yield "duplicates", "accepted" if request.accept_duplicates else "never"
    yield "asked", f"{utc(request.asked_at)}, {age(now - request.asked_at)} ago"
    yield "by", request.asked_by
    yield "started", _when(replay.started_at)
    yield "ended", _when(replay.ended_at)
    yield "worker", replay.holder or _UNKNOWN
    yield from ((name.replace("_", " "), f"{count:,}") for name, count in replay.counts().items())
    yield "left", f"{replay.left:,}"


def _when(timestamp: float | None) -> str:
    return _UNKNOWN if timestamp is None else utc(timestamp)

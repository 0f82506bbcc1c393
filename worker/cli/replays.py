"""`tiktok-events replays`: those that are under way, and those that have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import click
from rich.text import Text

from worker.cli import options
from worker.cli.dead.columns import Column, block_of
from worker.cli.dead.replay_ends import SHOWN, print_ends
from worker.cli.dead.replay_report import counted_rate, print_replay
from worker.cli.dead.replay_watch import found
from worker.cli.dead.replay_watch import watch as follow
from worker.cli.labelled import labelled
from worker.cli.store import open_store
from worker.cli.terminal import age, console, facts_table, print_json, utc
from worker.replays.ends import LISTED, letters_of
from worker.replays.orders import KEPT, Replays
from worker.replays.state import Replay, ReplayState
from worker.reporting.audit import operator
from worker.settings import Settings

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

SHOW_HELP: Final = f"""Show one replay, and what became of each of its letters.

\b
For people:          tiktok-events replays show 3
Every letter:        tiktok-events replays show 3 --all
What died again:
    tiktok-events replays show 3 --json | jq -r '.letters[] | select(.end == "died").died_as'

\b
    delivered   TikTok has said code 0
    died        it is a dead letter again, under another id; its message is shown
    waiting     it is in its outbox, or a worker has it: look again
    erased      a person's data were erased before it was sent

All letters are counted; the first {LISTED:,} are known one by one.

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
    """Group the commands."""


@replays.command("list", help=LIST_HELP)
@options.as_json
def list_replays(*, as_json: bool) -> None:
    """List the replays there are."""
    with open_store(Settings.load()) as store:
        known = list(Replays(store))
    if as_json:
        for replay in known:
            print_json(replay.as_dict())
    elif known:
        out = console()
        out.print(_block(known, time.time(), out.width), soft_wrap=True)
    else:
        console().print("There are no replays. Next: tiktok-events dead replay --help")


@replays.command("show", help=SHOW_HELP)
@_number
@click.option("--all", "every", is_flag=True, help="Every letter that is known one by one.")
@options.as_json
def show(*, number: int, every: bool, as_json: bool) -> None:
    """Show one replay."""
    with open_store(Settings.load()) as store:
        replay = found(Replays(store), number)
        letters = letters_of(store, number)
        if as_json:
            print_json(replay.as_dict() | {"letters": [one.as_dict() for one in letters]})
            return
        out = console()
        out.print(facts_table(_named(replay, time.time())))
        print_ends(out, store, replay, letters, len(letters) if every else SHOWN)


@replays.command("watch", help=WATCH_HELP)
@_number
@options.as_json
def watch(*, number: int, as_json: bool) -> None:
    """Watch one replay until it ends."""
    with open_store(Settings.load()) as store:
        replay, why = follow(store, number)
        print_replay(store, replay, why, as_json=as_json)


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
    with open_store(settings) as store:
        known = Replays(store)
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


def _block(known: Sequence[Replay], now: float, width: int) -> Text:
    below = [_below(one) for one in known]
    return block_of(list(_columns(known, now)), below, [""] * len(known), width)


def _columns(known: Sequence[Replay], now: float) -> Iterator[Column]:
    figures: Mapping[str, Callable[[Replay], int]] = {
        "replay": lambda one: one.number,
        "selected": lambda one: one.request.selected,
        "replayed": lambda one: one.replayed,
        "delivered": lambda one: one.delivered,
        "died again": lambda one: sum(one.died.values()),
        "waiting": lambda one: one.waiting,
        "skipped": lambda one: sum(one.skipped.values()),
        "left": lambda one: one.left,
    }
    for heading, figure in figures.items():
        cells = (f"{figure(one):,}" for one in known)
        yield Column.of(heading, cells, right=True, shrinks=False)
    yield Column.of("state", (one.state.value for one in known), shrinks=False)
    asked = (age(now - one.request.asked_at) for one in known)
    yield Column.of("asked", asked, right=True, shrinks=False)
    yield Column.of("by", (one.request.asked_by for one in known))


def _below(one: Replay) -> str:
    """What was asked for, and what it waits for; of one that runs first what it waits for."""
    waits = _waits(one)
    return f"{waits}; {one.words}" if waits else one.words


def _waits(replay: Replay) -> str:
    return "; ".join(f"{why}: {labelled(name)}" for name, why in sorted(replay.waits_for.items()))


def _state(replay: Replay) -> str:
    waits = _waits(replay)
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
    yield "delivered", f"{replay.delivered:,}"
    died = " · ".join(f"{reason} {count:,}" for reason, count in replay.died.items())
    yield "died again", died or "0"
    if replay.erased:
        yield "erased", f"{replay.erased:,}"
    yield "waiting", f"{replay.waiting:,}"


def _when(timestamp: float | None) -> str:
    return _UNKNOWN if timestamp is None else utc(timestamp)

"""`tiktok-events dead replay`: count, ask a person, then ask the workers, and watch them."""

from __future__ import annotations

from typing import Final

import click

from tiktok_events.outbox.store import Store
from worker.cli import options
from worker.cli.dead.replay_report import print_outlook, print_plan, print_replay, question
from worker.cli.dead.replay_watch import come_back, found, watch
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, console
from worker.letters.filter import LetterFilter
from worker.replays.orders import Replays
from worker.replays.plan import Plan, plan_of, server_now
from worker.replays.state import MAX_RATE, MIN_RATE, RATE, Replay, ReplayRequest
from worker.reporting.audit import operator
from worker.settings import Settings

REPLAY_HELP: Final = """Put dead letters back into their outbox, to be sent again.

\b
See what would happen:        tiktok-events dead replay --reason rejected --dry-run
These two:                    tiktok-events dead replay 17-0 23-4
All of a repaired pixel:      tiktok-events dead replay --destination web:C0PIXEL
Slowly, and do not wait:      tiktok-events dead replay --reason exhausted --rate 20 --detach
Everything, from a script:    tiktok-events dead replay --all --yes --json
What jq has chosen:
    tiktok-events dead list --all --json | jq -r 'select(.value > 100).id' |
      xargs tiktok-events dead replay --yes

The workers do it, nearest deadline first, behind live events: a destination gets more while
less than one request's worth waits there, and nothing while it is parked or failing. This
command only asks and watches, and ends with what became of each letter: delivered, dead again
and why, or still waiting. Ctrl-C leaves the replay running; tiktok-events replays watches,
pauses, resumes and cancels it, and `replays show` tells the same later.

An event keeps its event_id and event_time, so TikTok counts it once even if an earlier
attempt was accepted. What dies again is not replayed again. Skipped, and left where they are,
are

\b
    expired letters      too old to be sent
    ambiguous letters    more than 48 hours ago an attempt may have been accepted unseen:
                         TikTok would count the conversion again. --accept-duplicates
                         replays them all the same
    no destination       the event never named one

Remove the cause first: an event that is not repaired dies again. Before it asks, the command says
which will, and why; nothing keeps you from sending them all the same.

Exit codes: 0 done, or left running; 1 a letter named by its ID was not replayed or died again, or
the answer was no; 2 wrong usage.
"""


@click.command("replay", help=REPLAY_HELP)
@options.letter_choice
@click.option(
    "--accept-duplicates", is_flag=True, help="Also those that TikTok might count a second time."
)
@click.option(
    "--rate",
    type=click.FloatRange(MIN_RATE, MAX_RATE),
    default=RATE,
    show_default=True,
    metavar="N",
    help="Events a second.",
)
@click.option("--detach", is_flag=True, help="Ask the workers, and do not watch.")
@options.dry_run
@options.yes
@options.as_json
def replay(  # noqa: PLR0913 — because each is an option of the command
    *,
    selection: LetterFilter,
    accept_duplicates: bool,
    rate: float,
    detach: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Replay the chosen letters."""
    settings = Settings.load()
    with open_store(settings) as store:
        request = ReplayRequest(
            wanted=selection,
            asked_at=server_now(store),
            asked_by=operator(settings),
            accept_duplicates=accept_duplicates,
            rate=rate,
        )
        plan = _plan(store, request, settings)
        if dry_run or not plan.forecast.replayable:
            print_plan(plan, dry_run=dry_run, as_json=as_json)
            _check_named(selection, plan.forecast.replayable)
            return
        print_outlook(console(stderr=True), plan)
        confirm(question(plan), yes=yes)
        done, why = _ask(store, plan.request, detach=detach)
        print_replay(store, done, why, as_json=as_json)
    if done.ended:
        _check_named(selection, done.replayed - sum(done.died.values()))


def _plan(store: Store, request: ReplayRequest, settings: Settings) -> Plan:
    with Bar("counting", None) as bar:
        return plan_of(store, request, settings, bar.advance)


def _ask(store: Store, request: ReplayRequest, *, detach: bool) -> tuple[Replay, str | None]:
    """Ask the workers and watch; returns the replay as last seen, and why watching ended."""
    replays = Replays(store)
    number = replays.ask(request)
    asked = found(replays, number)
    return (asked, come_back(number)) if detach else watch(store, number)


def _check_named(selection: LetterFilter, done: int) -> None:
    """Exit with 1 when a letter that was named by its id was not replayed, or died again."""
    if len(set(selection.ids)) > done:
        raise click.exceptions.Exit(1)

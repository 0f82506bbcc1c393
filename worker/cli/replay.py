"""`tiktok-events dead replay`: put dead letters back into their outbox."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from tiktok_events.client import connect
from worker.audit import Action, Audit, Tally, operator
from worker.cli import options
from worker.cli.terminal import Bar, confirm, console, counted, print_json
from worker.dead_letters import DeadLetters
from worker.letter_filter import LetterFilter
from worker.replay import Fate, fate_of
from worker.settings import Settings

REPLAY_HELP: Final = """Put dead letters back into their outbox, to be sent again.

\b
See what would happen:        tiktok-events dead replay --reason rejected --dry-run
These two:                    tiktok-events dead replay 17-0 23-4
All of a repaired pixel:      tiktok-events dead replay --destination web:C0PIXEL
Everything, from a script:    tiktok-events dead replay --all --yes --json
What jq has chosen:
    tiktok-events dead list --all --json | jq -r 'select(.value > 100).id' |
      xargs tiktok-events dead replay --yes

An event keeps its event_id and event_time, so TikTok counts it once even if an earlier
attempt was accepted. Skipped, and left where they are, are

\b
    expired letters      too old to be sent
    ambiguous letters    more than 48 hours ago an attempt may have been accepted unseen:
                         TikTok would count the conversion again. --accept-duplicates
                         replays them all the same
    no destination       the event never named one

Remove the cause first: an invalid event that is not repaired dies again.

Exit codes: 0 done, 1 a letter named by its ID was not replayed or the answer was no,
2 wrong usage.
"""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A fate that keeps a letter where it is: its name in JSON, and in words."""

    name: str
    words: str


SKIPPED: Final = {
    Fate.EXPIRED: Skipped("skipped_expired", "skipped: expired, too old to be sent"),
    Fate.AMBIGUOUS: Skipped(
        "skipped_ambiguous",
        "skipped: ambiguous for over 48 h, might count twice (--accept-duplicates)",
    ),
    Fate.NO_DESTINATION: Skipped("skipped_no_destination", "skipped: never had a destination"),
}


@click.command("replay", help=REPLAY_HELP)
@options.letter_choice
@click.option(
    "--accept-duplicates", is_flag=True, help="Also those that TikTok might count a second time."
)
@options.dry_run
@options.yes
@options.as_json
def replay(
    *,
    selection: LetterFilter,
    accept_duplicates: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Replay the chosen letters."""
    settings = Settings.load()
    with connect(settings) as redis:
        letters = DeadLetters(redis)
        fates = _fates(letters, selection, accept_duplicates=accept_duplicates)
        ready = [letter_id for letter_id, fate in fates.items() if fate is Fate.REPLAYABLE]
        if ready and not dry_run:
            confirm(_replay_question(len(ready), len(fates)), yes=yes)
        replayed = len(ready)
        if ready and not dry_run:
            entry = Audit(redis).recorded(
                Action.REPLAY, who=operator(settings), filter=selection.words()
            )
            with entry as tally:
                replayed = _replay_all(letters, ready, tally)
    report = _replay_report(fates, selection, ready=len(ready), replayed=replayed)
    _end(report, selection, done="replayed", dry_run=dry_run, as_json=as_json)


def _fates(
    letters: DeadLetters, selection: LetterFilter, *, accept_duplicates: bool
) -> dict[str, Fate]:
    """What would become of each chosen letter; read whole first, as acting moves the pages."""
    now = time.time()
    return {
        letter.id: fate_of(letter, now=now, accept_duplicates=accept_duplicates)
        for letter in letters.find(selection)
    }


def _replay_question(ready: int, chosen: int) -> str:
    skipped = f" ({chosen - ready:,} of the {chosen:,} chosen will be skipped)"
    return f"Replay {counted(ready, 'dead letter')}{skipped if chosen > ready else ''}?"


def _replay_all(letters: DeadLetters, ids: Sequence[str], tally: Tally) -> int:
    with Bar("replaying", len(ids)) as bar:
        for letter_id in ids:
            tally.count += letters.replay(letter_id, now=time.time())
            bar.advance()
    return tally.count


def _replay_report(
    fates: dict[str, Fate], selection: LetterFilter, *, ready: int, replayed: int
) -> dict[str, int]:
    counts = Counter(fates.values())
    missing = len(set(selection.ids) - set(fates))
    return {
        "selected": len(fates),
        "replayed": replayed,
        **{skipped.name: counts[fate] for fate, skipped in SKIPPED.items()},
        "gone": missing + ready - replayed,
    }


def _end(
    report: dict[str, int], selection: LetterFilter, *, done: str, dry_run: bool, as_json: bool
) -> None:
    """Print the counts; 1 when a letter that was asked for by its id is not done."""
    if as_json:
        print_json({"dry_run": dry_run, **report})
    else:
        _print_report(report, done, dry_run=dry_run)
    if len(set(selection.ids)) > report[done]:
        raise click.exceptions.Exit(1)


def _print_report(report: dict[str, int], done: str, *, dry_run: bool) -> None:
    words = {skipped.name: skipped.words for skipped in SKIPPED.values()}
    words["gone"] = "not there: replayed or purged meanwhile, or never a dead letter"
    words[done] = f"would be {done}; this was a dry run" if dry_run else done
    out = console()
    if not report["selected"] and not report["gone"]:
        out.print("No dead letter matches.")
        return
    for name, count in report.items():
        if name == done or (name in words and count):
            out.print(f"{count:>9,} {words[name]}")
    if done == "replayed" and report[done] and not dry_run:
        out.print("Next: tiktok-events status")

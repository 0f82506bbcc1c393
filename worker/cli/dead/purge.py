"""`tiktok-events dead purge`: give dead letters up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from worker.cli import options
from worker.cli.acting import acting
from worker.cli.store import open_store
from worker.cli.terminal import Bar, confirm, console, counted, print_json, printable
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.purging import Doomed, count_doomed, purge_all, until_now
from worker.reporting.audit import Act, Audit, operator
from worker.reporting.audit_entry import Action
from worker.settings import Settings

SHOWN_CURRENCIES: Final = 3

HELP: Final = """Remove dead letters for good; nothing delivers them again.

\b
See how many:                 tiktok-events dead purge --reason expired --dry-run
These two:                    tiktok-events dead purge 17-0 23-4
All that are too old:         tiktok-events dead purge --not-recoverable
What died before November:    tiktok-events dead purge --until 2026-11-01
Keep a copy first:
    tiktok-events dead export --reason expired -o expired.ndjson
    tiktok-events dead purge  --reason expired
Everything, from a script:    tiktok-events dead purge --all --yes

It says how many, worth what, and how many could still be sent, before it asks.
They stay counted: `tiktok-events status` says how many were purged.

\b
--json prints one object:
    selected      letters that matched
    purged        of them, removed (in a dry run: would be)
    gone          replayed or purged by somebody else meanwhile, or never there
    recoverable   of those that matched, could still be sent
    reasons       letters by reason
    money         their values by currency

Exit codes: 0 done, 1 a letter named by its ID was not there or the answer was no,
2 wrong usage.
"""


def question(doomed: Doomed) -> str:
    """Return the question for the operator."""
    facts = [" · ".join(f"{name} {n:,}" for name, n in doomed.reasons.most_common())]
    facts += [f"worth {money_text(doomed.money)}"] if doomed.money else []
    facts += [f"{doomed.recoverable:,} can still be sent"] if doomed.recoverable else []
    return f"Remove {counted(doomed.letters, 'dead letter')} for good? ({'; '.join(facts)})"


def money_text(money: Mapping[str, float]) -> str:
    """Amounts for people, the largest first."""
    largest = sorted(money.items(), key=lambda pair: -pair[1])
    shown = [f"{amount:,.2f} {printable(name)}" for name, amount in largest[:SHOWN_CURRENCIES]]
    more = len(largest) - len(shown)
    return ", ".join(shown) + (f" and {counted(more, 'more amount')}" if more else "")


@click.command("purge", help=HELP)
@options.letter_choice
@options.dry_run
@options.yes
@options.as_json
def purge(*, selection: LetterFilter, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Purge the chosen letters."""
    words, selection = selection.words(), until_now(selection)
    settings = Settings.load()
    with open_store(settings) as store:
        letters = DeadLetters(store)
        doomed = _counted(letters, selection)
        purged = doomed.letters
        if purged and not dry_run:
            confirm(question(doomed), yes=yes)
            who = operator(settings)
            with acting(Audit(store), Action.PURGE, who=who, filter=words) as act:
                purged = _purge_all(letters, selection, doomed.letters, act)
    missing = len(set(selection.ids)) - doomed.letters if selection.ids else 0
    gone = missing + max(doomed.letters - purged, 0)
    _tell(doomed, purged, gone, dry_run=dry_run, as_json=as_json)
    if len(set(selection.ids)) > purged:
        raise click.exceptions.Exit(1)


def _counted(letters: DeadLetters, selection: LetterFilter) -> Doomed:
    with Bar("counting", None) as bar:
        return count_doomed(letters, selection, bar.advance)


def _purge_all(letters: DeadLetters, selection: LetterFilter, count: int, act: Act) -> int:
    with Bar("purging", count) as bar:
        return purge_all(letters, selection, act.step(), bar.advance)


def _tell(doomed: Doomed, purged: int, gone: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        report = {"selected": doomed.letters, "purged": purged, "gone": gone}
        print_json({"dry_run": dry_run, **report, **doomed.as_dict()})
        return
    out = console()
    if not doomed.letters and not gone:
        out.print("No dead letter matches.")
        return
    out.print(f"{purged:>9,} {'would be purged; this was a dry run' if dry_run else 'purged'}")
    for name, count in doomed.reasons.most_common() if dry_run else ():
        out.print(f"{count:>9,}   {name}")
    if dry_run and doomed.recoverable:
        out.print(f"{doomed.recoverable:>9,}   of them can still be sent")
    if dry_run and doomed.money:
        out.print(f"          worth {money_text(doomed.money)}")
    if gone:
        out.print(f"{gone:>9,} not there: replayed or purged meanwhile, or never a dead letter")

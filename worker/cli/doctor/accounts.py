"""What the figures say: clocks, sums, contents, tokens, destinations that wait for a person."""

from __future__ import annotations

from worker.cli.labelled import labelled
from worker.delivery.destinations import Destinations
from worker.operations.status import Figures
from worker.outbox.misplaced import Misplaced
from worker.outbox.server_clock import JUDGES_WITHIN_S, clock_words
from worker.reporting.stored import destination_of, named
from worker.runtime.check import Check, Outcome


def worker_clocks(figures: Figures) -> Check:
    """Whether the clocks of the workers are the server's, which ages are judged by."""
    name = "worker clocks"
    if not figures.clocks:
        return Check(name, Outcome.OK, "no worker's differs from the server's")
    judging = all(abs(ahead_s) <= JUDGES_WITHIN_S for ahead_s in figures.clocks.values())
    message = "; ".join(
        f"{worker} {clock_words(ahead_s)}" for worker, ahead_s in sorted(figures.clocks.items())
    )
    return Check(
        name, Outcome.WARNING if judging else Outcome.FAILED, message, "Set all clocks by NTP."
    )


def accounting(figures: Figures) -> Check:
    """Whether every accepted event is accounted for."""
    name = "accounting"
    if figures.unaccounted or figures.dead_unaccounted:
        message = (
            f"events missing: {figures.unaccounted:,}; "
            f"dead letters missing: {figures.dead_unaccounted:,}"
        )
        remedy = "Somebody deleted keys, or the server lost data. See tiktok-events status."
        return Check(name, Outcome.FAILED, message, remedy)
    return Check(name, Outcome.OK, f"all {figures.count('accepted'):,} events are accounted for")


def placement(count: int, found: Misplaced) -> Check:
    """Whether producers have the number of shards that is set here."""
    if not found:
        return Check("shards", Outcome.OK, "nothing is where no worker looks")
    told = []
    if found.beyond:
        told.append(f"something is in shards that only a SHARDS above {found.beyond[-1]} has")
    if found.destinations:
        told.append(f"of another number of shards: {_some(found.destinations)}")
    remedy = (
        "Give producers and workers the same TIKTOK_EVENTS_SHARDS. What another number has left "
        "is served by workers with that number."
    )
    message = f"SHARDS is {count}, and {'; '.join(told)}"
    return Check("shards", Outcome.FAILED, message, remedy)


def contents(figures: Figures) -> Check:
    """Whether what stands in our keys is as we write it."""
    name = "contents"
    if figures.junk:
        remedy = "Find out who else writes to this server, and remove what is not ours."
        message = f"not as we write it: {'; '.join(named(figures.junk))}"
        return Check(name, Outcome.FAILED, message, remedy)
    return Check(name, Outcome.OK, "every field that was read is as we write it")


def tokens(figures: Figures, accounts: Destinations) -> Check:
    """Whether what waits can be sent."""
    name = "tokens"
    waiting = [one.destination for one in figures.destinations if one.waiting]
    without = [one for one in waiting if _token_of(one, accounts) is None]
    if without:
        remedy = "Set TIKTOK_EVENTS_ACCESS_TOKEN, or name them in TIKTOK_EVENTS_DESTINATIONS_FILE."
        return Check(name, Outcome.FAILED, f"none for {_some(without)}", remedy)
    return Check(
        name, Outcome.OK, f"no event waits without one; destinations with events: {len(waiting):,}"
    )


def _token_of(destination: str, accounts: Destinations) -> str | None:
    known = destination_of(destination)
    return None if known is None else accounts.account(known).access_token


def parked(figures: Figures) -> Check:
    """Whether destinations wait for a person."""
    found = [one.destination for one in figures.destinations if one.parked is not None]
    if not found:
        return Check("parked", Outcome.OK, "no destination waits for a person")
    remedy = "See why: tiktok-events destinations list. Then: tiktok-events destinations resume"
    return Check("parked", Outcome.WARNING, f"waiting for a person: {_some(found)}", remedy)


def _some(names: list[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(map(labelled, names[:shown])) + more

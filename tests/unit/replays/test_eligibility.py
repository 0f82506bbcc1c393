"""Which dead letters a replay sends again, and which it leaves where they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import letters
from worker.attempts.history import DEDUPLICATION_S, History
from worker.letters.dead_letters import DeadLetter
from worker.replays.eligibility import Eligibility, eligibility_of

NOW = 1_795_000_000.0
DAY_S = 86_400.0


def attempt(at: float, verdict: str) -> dict[str, Any]:
    """One line of a letter's log."""
    return {"at": at, "verdict": verdict, "code": None, "duration_ms": 5, "request_id": None}


def letter(
    *log: dict[str, Any], accepted_at: float = NOW - 3 * DAY_S, **changes: Any
) -> DeadLetter:
    """A letter whose attempts are these."""
    doubtful = [entry["at"] for entry in log if entry["verdict"] in {"ambiguous", "unclear"}]
    history = History(accepted_at, len(log), min(doubtful, default=None), log=log)
    known = {"history": history, "died_at": NOW - DAY_S, "expires_at": NOW + DAY_S}
    return letters.letter(now=NOW, **(known | changes))


def test_a_refused_letter_can_be_replayed() -> None:
    """A refusal is clear: nothing was accepted, so a repeat counts once however late."""
    refused = letter(attempt(NOW - 2.5 * DAY_S, "rejected"))
    assert eligibility_of(refused, now=NOW) is Eligibility.REPLAYABLE


def test_an_expired_letter_is_not_replayed() -> None:
    """Its event would only expire again."""
    assert eligibility_of(letter(expires_at=NOW), now=NOW) is Eligibility.EXPIRED


@pytest.mark.parametrize("destination", ["", "fax:1", "web:"])
def test_a_letter_without_a_destination_is_not_replayed(destination: str) -> None:
    """There is no outbox for it to go back to, even when duplicates are accepted."""
    lost = letter(destination=destination, expires_at=NOW)
    assert eligibility_of(lost, now=NOW, accept_duplicates=True) is Eligibility.NO_DESTINATION


@pytest.mark.parametrize("verdict", ["ambiguous", "unclear"])
@pytest.mark.parametrize(
    ("ago_s", "eligibility"),
    [(DEDUPLICATION_S, Eligibility.REPLAYABLE), (DEDUPLICATION_S + 1, Eligibility.AMBIGUOUS)],
)
def test_an_ambiguous_letter_is_replayed_for_48_hours(
    verdict: str, ago_s: float, eligibility: Eligibility
) -> None:
    """After 48 hours TikTok has forgotten the id and would count the conversion again."""
    doubtful = letter(attempt(NOW - ago_s, verdict), attempt(NOW - 60, "rejected"))
    assert eligibility_of(doubtful, now=NOW) is eligibility


def test_an_ambiguous_letter_is_replayed_when_a_person_says_so() -> None:
    """Accepting duplicates is that word."""
    doubtful = letter(attempt(NOW - 2.5 * DAY_S, "ambiguous"))
    assert eligibility_of(doubtful, now=NOW, accept_duplicates=True) is Eligibility.REPLAYABLE

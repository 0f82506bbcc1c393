"""Which dead letters a replay sends again, and which it leaves where they are."""

from __future__ import annotations

from typing import Any

import pytest

from worker.dead_letters import DeadLetter, Reason
from worker.history import DEDUPLICATION_S, KEPT, History
from worker.replay import Fate, fate_of

NOW = 1_795_000_000.0
DAY_S = 86_400.0


def attempt(at: float, verdict: str) -> dict[str, Any]:
    """One line of a letter's log."""
    return {"at": at, "verdict": verdict, "code": None, "duration_ms": 5, "request_id": None}


def letter(
    *log: dict[str, Any],
    destination: str = "web:C0PIXEL",
    expires_at: float = NOW + DAY_S,
    accepted_at: float = NOW - 3 * DAY_S,
) -> DeadLetter:
    """A letter whose attempts are these."""
    ambiguous = any(entry["verdict"] in {"ambiguous", "unclear"} for entry in log)
    return DeadLetter.of(
        {"event": "Purchase", "event_id": "order-1"},
        destination=destination,
        reason=Reason.REJECTED,
        message="refused",
        history=History(accepted_at, attempts=len(log), ambiguous=ambiguous, log=log),
        died_at=NOW - DAY_S,
        expires_at=expires_at,
    )


def test_a_refused_letter_can_be_replayed() -> None:
    """A refusal is clear: nothing was accepted, so a repeat counts once however late."""
    refused = letter(attempt(NOW - 2.5 * DAY_S, "rejected"))
    assert fate_of(refused, now=NOW) is Fate.REPLAYABLE


def test_an_expired_letter_is_not_replayed() -> None:
    """Its event would only expire again."""
    assert fate_of(letter(expires_at=NOW), now=NOW) is Fate.EXPIRED


@pytest.mark.parametrize("destination", ["", "fax:1", "web:"])
def test_a_letter_without_a_destination_is_not_replayed(destination: str) -> None:
    """There is no outbox for it to go back to, even when duplicates are accepted."""
    lost = letter(destination=destination, expires_at=NOW)
    assert fate_of(lost, now=NOW, accept_duplicates=True) is Fate.NO_DESTINATION


@pytest.mark.parametrize("verdict", ["ambiguous", "unclear"])
@pytest.mark.parametrize(
    ("ago_s", "fate"),
    [(DEDUPLICATION_S, Fate.REPLAYABLE), (DEDUPLICATION_S + 1, Fate.AMBIGUOUS)],
)
def test_an_ambiguous_letter_is_replayed_for_48_hours(
    verdict: str, ago_s: float, fate: Fate
) -> None:
    """After 48 hours TikTok has forgotten the id and would count the conversion again."""
    doubtful = letter(attempt(NOW - ago_s, verdict), attempt(NOW - 60, "rejected"))
    assert fate_of(doubtful, now=NOW) is fate


def test_an_ambiguous_letter_is_replayed_when_a_person_says_so() -> None:
    """Accepting duplicates is that word."""
    doubtful = letter(attempt(NOW - 2.5 * DAY_S, "ambiguous"))
    assert fate_of(doubtful, now=NOW, accept_duplicates=True) is Fate.REPLAYABLE


def test_doubt_begins_with_the_first_unclear_attempt() -> None:
    """Attempts before it were answered, so they accepted nothing."""
    doubtful = letter(attempt(100, "transient"), attempt(200, "ambiguous"), attempt(300, "unclear"))
    assert doubtful.history().doubtful_since() == 200


def test_doubt_begins_early_where_the_log_was_cut() -> None:
    """Attempts between the first and the last are not kept: one of them may have been unclear."""
    first = [attempt(100 + number, "transient") for number in range(KEPT)]
    last = [attempt(900 + number, "ambiguous") for number in range(KEPT)]
    assert letter(*first, *last).history().doubtful_since() == 100 + KEPT - 1


def test_doubt_begins_with_acceptance_where_the_log_is_silent() -> None:
    """An ambiguity that no attempt shows is as old as the event."""
    assert letter(accepted_at=50).history().doubtful_since() == 50

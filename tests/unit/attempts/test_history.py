"""What a block has met so far, and how it is written."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from worker.attempts.history import KEPT, Attempt, History
from worker.attempts.verdict import Verdict

ATTEMPTS = st.builds(
    Attempt,
    at=st.floats(0, 2e9).map(lambda at: round(at, 3)),
    verdict=st.sampled_from([verdict.value for verdict in Verdict]),
    code=st.none() | st.integers(0, 99_999),
    duration_ms=st.integers(0, 120_000),
    request_id=st.none() | st.text(max_size=34),
)


def attempt(number: int, verdict: str = "transient") -> Attempt:
    """One that can be told from the others."""
    return Attempt(float(number), verdict, 50002, 120, f"r{number}")


def grown(attempts: list[Attempt]) -> History:
    """A history with these attempts, each in a delivery of its own."""
    history = History(5.0)
    for one in attempts:
        history = history.after(one)
    return history


def test_a_block_that_was_never_tried_has_no_document() -> None:
    """Its history begins with its acceptance."""
    assert History(7.5) == History.read(b"", 7.5)


@given(attempts=st.lists(ATTEMPTS, max_size=15), suspect=st.booleans())
def test_a_history_is_read_as_it_was_written(attempts: list[Attempt], *, suspect: bool) -> None:
    """Nothing is lost on the way through Redis, nor is the acceptance replaced."""
    history = replace(grown(attempts), suspect=suspect, replays=(1.5, 2.5))
    assert history == History.read(history.write().encode(), accepted_at=99.0)


@given(attempts=st.lists(ATTEMPTS, max_size=30))
def test_only_spent_attempts_are_counted(attempts: list[Attempt]) -> None:
    """Being throttled or parked is not the event's fault."""
    unspent = {"throttled", "credential", "configuration", "delivered"}
    assert sum(one.verdict not in unspent for one in attempts) == grown(attempts).attempts


def test_the_first_and_the_last_attempts_are_kept() -> None:
    """A week of retries does not fill the memory, and both ends tell the story."""
    kept = [entry["request_id"] for entry in grown([attempt(n) for n in range(100)]).log]
    assert [f"r{n}" for n in (0, 1, 2, 3, 4, 95, 96, 97, 98, 99)] == kept
    assert len(kept) == 2 * KEPT


def test_an_ambiguous_attempt_is_never_forgotten() -> None:
    """It may have been accepted unseen, whatever came later."""
    history = History(5.0).after(attempt(1, "ambiguous")).after(attempt(2))
    assert history.ambiguous


def test_doubt_begins_with_the_first_unclear_attempt() -> None:
    """Attempts before it were answered; later ones, and a log that is cut, change nothing."""
    history = grown([attempt(number) for number in range(10)])
    history = history.after(attempt(100, "unclear"))
    for number in range(200, 220):
        history = history.after(attempt(number, "unclear"))
    assert history.ambiguous_since == 100


def test_an_earlier_doubt_goes_before_a_later_one() -> None:
    """A worker that died with the event may have sent it before the attempt that is logged."""
    history = History(5.0).doubted(50.0)
    assert history.after(attempt(100, "unclear")).ambiguous_since == 50
    assert history.doubted(20.0).ambiguous_since == 20


def test_a_failure_counts_against_the_events_when_others_were_taken_since_the_last() -> None:
    """In an outage nobody is taken, so nobody is to blame."""
    history = History(5.0).after(attempt(10), taken_at=9.0)
    history = history.after(attempt(20), taken_at=9.0)
    assert history.outdone == 0
    history = history.after(attempt(30), taken_at=25.0)
    assert history.outdone == 1


def test_a_search_counts_its_attempts_and_is_one_unclear_delivery() -> None:
    """However often the same events were sent in it, within seconds."""
    history = History(5.0).after(attempt(1, "unclear"), attempt(2, "unclear"), attempt(3))
    assert (history.attempts, history.unclear, history.ambiguous_since) == (3, 1, 1)
    assert history.after(attempt(9)).unclear == 1


def test_being_throttled_speaks_against_nobody() -> None:
    """Whoever was taken meanwhile."""
    throttled = replace(attempt(20), verdict="throttled")
    history = History(5.0).after(attempt(10))
    assert history.after(throttled, taken_at=15.0).outdone == 0


def test_an_attempt_changes_nothing_else() -> None:
    """Acceptance, suspicion and replays stay."""
    before = History(5.0, suspect=True, replays=(1.0,))
    after = before.after(attempt(1))
    assert before == replace(after, attempts=0, log=())


def test_an_attempt_is_written_with_what_support_asks_for() -> None:
    """Time, verdict, code, duration and request id."""
    assert Attempt(1.23456, "ambiguous", None, 9, "r").as_dict() == {
        "at": 1.235,
        "verdict": "ambiguous",
        "code": None,
        "duration_ms": 9,
        "request_id": "r",
    }

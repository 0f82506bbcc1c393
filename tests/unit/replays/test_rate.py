"""A replay's pace: its rate in the long run, a little credit, and no event paid twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.replays.rate import CREDIT_S, Pace

NOW = 1_795_000_000.0


def test_a_replay_begins_with_a_second_of_its_rate() -> None:
    """So that a small one ends at once."""
    assert Pace.of(500.0, None, NOW).allowed(NOW) == 500


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0, 7.0, 10_000.0])
def test_even_a_slow_replay_may_begin(rate: float) -> None:
    """With one event at least."""
    assert Pace.of(rate, None, NOW).allowed(NOW) >= 1


def test_credit_is_limited() -> None:
    """A replay that nobody was at for an hour does not make up for all of it."""
    assert Pace.of(100.0, NOW - 3600, NOW).allowed(NOW) == 100 * CREDIT_S


def test_what_went_is_paid() -> None:
    """All that was allowed is used up, and the wait for one more is told."""
    pace = Pace.of(10.0, None, NOW).after(10, NOW)
    assert pace.allowed(NOW) == 0
    assert pace.wait_s(NOW) == pytest.approx(0.1)
    assert pace.allowed(NOW + 0.1) == 1


def test_a_clock_that_jumped_back_holds_up_nothing() -> None:
    """What seems to be paid ahead was paid on the old clock."""
    assert Pace.of(10.0, NOW + 3600, NOW).allowed(NOW) == 10


@given(
    rate=st.floats(0.1, 10_000),
    waits=st.lists(st.floats(0, 5), max_size=40),
    eagerness=st.lists(st.floats(0, 1), min_size=40, max_size=40),
)
def test_the_rate_is_never_exceeded(
    rate: float, waits: list[float], eagerness: list[float]
) -> None:
    """Over any time, with whatever pauses: at most the rate, and the credit once."""
    pace, now, sent = Pace.of(rate, None, NOW), NOW, 0
    for wait, eager in zip(waits, eagerness, strict=False):
        now += wait
        events = int(pace.allowed(now) * eager)
        pace = Pace.of(rate, pace.after(events, now).paid_until, now)
        sent += events
    credit = max(CREDIT_S, 1 / rate)
    assert sent <= (now - NOW + credit) * rate + 1

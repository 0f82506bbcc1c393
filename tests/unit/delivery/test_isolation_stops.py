"""When the search for a refused event must stop."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.isolation import OK, Api, Found, blamed, search, throttle, undecided
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.events_api import Exchange
from worker.delivery.isolation import isolate

# --- when it must stop ---------------------------------------------------------------------

STOPS = [
    throttle(),
    Answer(Verdict.TRANSIENT, code=50002),
    Answer(Verdict.AMBIGUOUS, message="ReadTimeout"),
    Answer(Verdict.CREDENTIAL, code=40105),
    Answer(Verdict.CONFIGURATION, code=41001),
]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.verdict.value)
@pytest.mark.parametrize("at", range(2, 13))
@pytest.mark.parametrize("place", [0, 333, 999])
def test_another_verdict_ends_the_search_at_once(stop: Answer, at: int, place: int) -> None:
    """What is decided stays decided, the rest is left, nobody else is blamed."""
    api = Api(frozenset({place}), stops={at: stop})
    found = search(api, range(1_000))
    if found.stopped_by is None:
        assert at > len(api.requests)  # it was over before
        return
    assert (stop, at) == (found.stopped_by, len(api.requests))
    assert set(blamed(found)) <= {place}
    assert sorted([*found.delivered, *blamed(found), *undecided(found)]) == list(range(1_000))
    assert place in {*blamed(found), *undecided(found)}


def test_the_part_that_met_the_stop_is_the_first_that_is_left() -> None:
    """Only it may have been accepted unseen."""
    api = Api(frozenset({9}), stops={3: STOPS[2]})
    found = search(api, range(10))
    assert found.left == [[5, 6, 7], [8, 9]]


@pytest.mark.parametrize("budget", range(12))
def test_the_search_ends_with_its_budget(budget: int) -> None:
    """No request more than there is time for; nothing is lost, nobody is blamed unproven."""
    api = Api(frozenset({333}))
    found = search(api, range(1_000), lambda: len(api.requests) < 1 + budget)
    assert len(api.requests) <= 1 + budget
    assert sorted([*found.delivered, *blamed(found), *undecided(found)]) == list(range(1_000))
    assert found.stopped_by is None
    assert set(blamed(found)) <= {333}


def test_without_any_budget_all_is_left_in_two_halves() -> None:
    """The next claim begins where this one ended."""
    found = search(Api(frozenset({0})), range(4), lambda: False)
    assert (found.left, found.delivered, found.refused) == ([[0, 1], [2, 3]], [], [])


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.UNCLEAR])
def test_an_unclear_answer_is_searched_like_a_refusal(verdict: Verdict) -> None:
    """A code that nobody knows may be one event's doing too."""

    def send(events: Sequence[int]) -> Exchange:
        return Exchange(Answer(verdict, code=20001) if 2 in events else OK, 1.0, 0.1)

    found = Found.of(isolate(range(4), send(range(4)), send, lambda: True))
    assert (sorted(found.delivered), [event for event, _ in found.refused]) == ([0, 1, 3], [2])


@given(
    size=st.integers(2, 40),
    seeds=st.sets(st.integers(0, 10**6), max_size=5),
    stop=st.integers(2, 9),
)
def test_each_event_has_all_answers_of_the_requests_that_carried_it(
    size: int, seeds: set[int], stop: int
) -> None:
    """In order, and none of a request that did not carry it."""
    api = Api(
        frozenset(seed % size for seed in seeds), whims=frozenset({1}), stops={stop: throttle()}
    )
    carried: dict[int, list[float]] = {event: [] for event in range(size)}

    def send(events: Sequence[int]) -> Exchange:
        exchange = api.send(events)
        for event in events:
            carried[event].append(exchange.started_at)
        return exchange

    judged = isolate(range(size), send(range(size)), send, lambda: True)
    met = {
        event: [one.started_at for one in part.exchanges]
        for part in judged
        for event in part.events
    }
    assert met == carried

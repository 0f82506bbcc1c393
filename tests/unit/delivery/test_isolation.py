"""The events that make the API refuse a batch are found, in few requests, and alone blamed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.isolation import (
    INDEXED,
    OK,
    REFUSED_SIZES,
    Api,
    Found,
    blamed,
    bound,
    search,
)
from worker.attempts.verdict import Answer
from worker.delivery.isolation import isolate

# --- the promise ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "says",
    [
        INDEXED,
        "batch.{index}.event_id: no",
        "data[{index}]: no",
        "data.{index}.value: no",
        "the event at index {index} is invalid",
        "Index: {index}",
        "event[{index}] is bad",
        "events.{index} is bad",
    ],
)
def test_a_named_poison_costs_three_requests_wherever_it_stands(says: str) -> None:
    """The batch, the poison alone, the rest."""
    for place in range(0, 1_000, 37):
        api = Api(frozenset({place}), says=says)
        found = search(api, range(1_000))
        assert blamed(found) == {place: f"of {place}"}
        assert api.requests == [1_000, 1, 999]


def test_several_named_poisons_cost_two_requests_each() -> None:
    """And one for the healthy rest."""
    api = Api(frozenset({3, 500, 998}), says=INDEXED)
    search(api, range(1_000))
    assert api.requests == [1_000, 1, 999, 1, 998, 1, 997]


@pytest.mark.parametrize("says", ["5 errors", "value 40: no", "top 3", "index 1000", "data[-1]"])
def test_a_number_that_names_no_event_is_not_believed(says: str) -> None:
    """The search halves at once, without a request for the wrong event."""
    api = Api(frozenset({7}), says=says)
    search(api, range(1_000))
    assert api.requests[1] == 500


@pytest.mark.parametrize("place", [0, 1, 499, 998, 999])
def test_an_api_that_counts_from_one_costs_one_more_request(place: int) -> None:
    """The first wrong name is the last one that is believed."""
    api = Api(frozenset({place}), says=INDEXED, offset=1)
    assert blamed(search(api, range(1_000))) == {place: f"of {place}"}
    assert len(api.requests) <= 13


def test_an_event_that_was_refused_alone_is_not_sent_again() -> None:
    """Both of two are poisons: the batch, the one, the other."""
    api = Api(frozenset({0, 1}))
    search(api, range(2))
    assert api.requests == [2, 1, 1]


def test_all_events_may_be_poisons() -> None:
    """Nothing is delivered, and each has its own message."""
    api = Api(frozenset(range(40)))
    found = search(api, range(40))
    assert {event: f"of {event}" for event in range(40)} == blamed(found)
    assert len(api.requests) <= bound(40, 40)


# --- what is nobody's fault ----------------------------------------------------------------


@pytest.mark.parametrize("size_answer", REFUSED_SIZES)
@pytest.mark.parametrize("largest", [1, 2, 7, 50, 99])
def test_a_refusal_for_size_blames_nobody(size_answer: Answer, largest: int) -> None:
    """Smaller parts are accepted, and all of them are sent."""
    api = Api(largest=largest, size_answer=size_answer)
    found = search(api, range(100))
    assert list(range(100)) == sorted(api.delivered)
    assert (found.refused, found.left) == ([], [])


@pytest.mark.parametrize("size_answer", REFUSED_SIZES)
def test_the_size_that_was_accepted_is_used_for_the_rest(size_answer: Answer) -> None:
    """A thousand events where a hundred are allowed: the limit is found once."""
    api = Api(largest=100, size_answer=size_answer)
    search(api, range(1_000))
    assert api.requests[:5] == [1_000, 500, 250, 125, 63]
    assert len(api.requests) == 5 + math.ceil((1_000 - 63) / 63)


@given(
    size=st.integers(2, 120),
    largest=st.integers(1, 60),
    seeds=st.sets(st.integers(0, 10**6), max_size=5),
)
def test_poisons_are_found_behind_a_refusal_for_size(
    size: int, largest: int, seeds: set[int]
) -> None:
    """Both at once: the limit is kept, the poisons are blamed, the others delivered."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons, largest=largest)
    refused = api.send(range(size))
    if refused.answer is OK:
        return
    found = Found.of(isolate(range(size), refused, api.send, lambda: True))
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)
    assert sorted(set(range(size)) - poisons) == sorted(api.delivered)


def test_an_event_that_is_too_large_alone_is_refused() -> None:
    """No smaller part can be made of it."""
    api = Api(largest=0)
    found = search(api, range(3))
    assert sorted(blamed(found)) == [0, 1, 2]
    assert {answer.code for _, answer in found.refused} == {40061}


@pytest.mark.parametrize("size", [2, 3, 10, 1_000])
def test_a_whim_about_the_whole_batch_blames_nobody(size: int) -> None:
    """Refused once, accepted in parts: the last event is asked about once more."""
    api = Api(whims=frozenset({1}))
    found = search(api, range(size))
    assert ([], list(range(size))) == (found.refused, sorted(api.delivered))


@given(size=st.integers(2, 64), whim=st.integers(2, 10))
def test_a_whim_about_a_part_costs_one_event_at_most(size: int, whim: int) -> None:
    """Its refusal was the API's word; the event can be replayed."""
    api = Api(frozenset({size - 1}), whims=frozenset({whim}))
    found = search(api, range(size))
    assert len(found.refused) <= 2
    assert sorted(range(size)) == sorted([*api.delivered, *blamed(found)])

"""Wherever the events stand that make the API refuse a batch, they are found in few requests."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders.isolation import (
    INDEXED,
    MUTE,
    Api,
    blamed,
    bound,
    search,
)


@given(
    size=st.integers(2, 200),
    seeds=st.sets(st.integers(0, 10**6), min_size=1, max_size=12),
    says=st.sampled_from([MUTE, INDEXED, "data[{index}]: no", "index {index} is bad"]),
    offset=st.integers(-1, 3),
)
@example(size=2, seeds={0, 1}, says=MUTE, offset=0)
@example(size=3, seeds={0, 1, 2}, says=INDEXED, offset=1)
def test_healthy_events_are_delivered_once_and_poisons_refused_with_their_own_message(
    size: int, seeds: set[int], says: str, offset: int
) -> None:
    """Whatever the poisons are, and whether an index is named, rightly or wrongly."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons, says=says, offset=offset)
    found = search(api, range(size))
    healthy = [event for event in range(size) if event not in poisons]
    assert healthy == sorted(api.delivered) == sorted(found.delivered)
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)
    assert (found.left, found.stopped_by) == ([], None)


@given(size=st.integers(2, 1_000), seeds=st.sets(st.integers(0, 10**6), min_size=1, max_size=20))
@example(size=2, seeds={0, 1})
def test_the_number_of_requests_is_bounded(size: int, seeds: set[int]) -> None:
    """Each poison costs the logarithm of the batch and two more at most."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons)
    found = search(api, range(size))
    assert len(api.requests) <= bound(size, len(poisons))
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)


def test_one_poison_in_a_thousand_costs_twelve_requests_wherever_it_stands() -> None:
    """At every place, the first request included."""
    counts = []
    for place in range(1_000):
        api = Api(frozenset({place}))
        assert blamed(search(api, range(1_000))) == {place: f"of {place}"}
        counts.append(len(api.requests))
    assert max(counts) == 12

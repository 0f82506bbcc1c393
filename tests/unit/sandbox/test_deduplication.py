"""The sandbox counts conversions as TikTok's deduplication rules do."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events_sandbox.deduplication import MERGE_S, WINDOW_S, Channel, Deduplication, Outcome

START = 1_767_225_600.0
KEY = ("PIXEL1", "Purchase", "ord-1")
SERVER, PIXEL = Channel.SERVER, Channel.PIXEL
DISTINCT, MERGED, REPEATED = Outcome.DISTINCT, Outcome.MERGED, Outcome.REPEATED


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(SERVER, 0), (SERVER, 1)], [DISTINCT, REPEATED]),
        ([(PIXEL, 0), (PIXEL, 1)], [DISTINCT, REPEATED]),
        ([(SERVER, 0), (SERVER, WINDOW_S - 1)], [DISTINCT, REPEATED]),
        ([(SERVER, 0), (SERVER, WINDOW_S)], [DISTINCT, DISTINCT]),
        ([(PIXEL, 0), (SERVER, MERGE_S)], [DISTINCT, MERGED]),
        ([(SERVER, 0), (PIXEL, MERGE_S)], [DISTINCT, MERGED]),
        ([(PIXEL, 0), (SERVER, MERGE_S + 1)], [DISTINCT, REPEATED]),
        ([(PIXEL, 0), (SERVER, WINDOW_S)], [DISTINCT, DISTINCT]),
        ([(PIXEL, 0), (SERVER, 1), (SERVER, 2)], [DISTINCT, MERGED, REPEATED]),
        ([(SERVER, 0), (SERVER, WINDOW_S - 1), (SERVER, WINDOW_S)], [DISTINCT, REPEATED, DISTINCT]),
    ],
)
def test_the_windows_count_from_the_first(
    steps: list[tuple[Channel, int]], expected: list[Outcome]
) -> None:
    """Five minutes merge the channels, 48 hours drop repeats, both from the first event."""
    memory = Deduplication()
    assert expected == [memory.record(*KEY, START + at, channel) for channel, at in steps]


@pytest.mark.parametrize(
    "other",
    [
        ("PIXEL2", "Purchase", "ord-1"),
        ("PIXEL1", "CompletePayment", "ord-1"),
        ("PIXEL1", "Purchase", "ord-2"),
    ],
)
def test_every_part_of_the_key_counts(other: tuple[str, str, str]) -> None:
    """Another source id, event or event id is another conversion."""
    memory = Deduplication()
    memory.record(*KEY, START, SERVER)
    assert memory.record(*other, START, SERVER) == DISTINCT


@pytest.mark.parametrize("event_id", [None, ""])
def test_events_without_an_id_all_count(event_id: str | None) -> None:
    """Without an id there is no key, so nothing is dropped."""
    memory = Deduplication()
    outcomes = [memory.record("PIXEL1", "Purchase", event_id, START, SERVER) for _ in range(2)]
    assert outcomes == [DISTINCT, DISTINCT]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, WINDOW_S - 1)), max_size=60))
def test_within_the_window_each_id_counts_once(received: list[tuple[int, int]]) -> None:
    """However often and in whatever order ids arrive, each is one conversion."""
    memory = Deduplication()
    outcomes = Counter(
        memory.record("P", "Purchase", f"id-{number}", START + at, SERVER)
        for number, at in received
    )
    assert len({number for number, _ in received}) == outcomes[DISTINCT]


def test_what_is_forgotten_was_no_longer_needed() -> None:
    """Ids of every hour are dropped within their window and memory holds two windows at most."""
    memory = Deduplication()
    hours = range(24 * 30)
    for hour in hours:
        memory.record("P", "Purchase", f"id-{hour}", START + hour * 3600, SERVER)
    last = START + hours[-1] * 3600
    outcomes = [memory.record("P", "Purchase", f"id-{hour}", last, SERVER) for hour in hours[-48:]]
    assert outcomes == [REPEATED] * 48
    assert len(memory._recent) + len(memory._older) <= 2 * 48

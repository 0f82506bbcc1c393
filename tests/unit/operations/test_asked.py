"""Which events are meant by a word: their ids, and the numbers of their orders."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from worker.operations.trace.asked import FEW, Asked

MORE = [f"x{number}" for number in range(FEW)]
"""So many words besides that ids are compared, and not searched for."""


@pytest.mark.parametrize("others", [[], MORE])
@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("order-1042", {"event_id": "order-1042"}),
        ("1042", {"event_id": "order-1042"}),
        ("1042", {"event_id": "1042"}),
        ("1042", {"event_id": 1042}),
        ("1042", {"event_id": "x", "properties": {"order_id": "1042"}}),
        ("1042", {"event_id": "x", "properties": {"order_id": 1042}}),
        ("ö/2", {"event_id": "ö/2"}),
        ('a"b', {"event_id": 'a"b'}),
        ("a b, c}", {"properties": {"order_id": "a b, c}"}}),
    ],
)
def test_a_word_means_an_id_or_an_order(
    word: str, event: dict[str, Any], others: list[str]
) -> None:
    """However it is written, among other events."""
    payload = orjson.dumps([{"event_id": "other"}, event])
    assert list(Asked([word, *others]).found_in(payload)) == [(1, word, event)]


@pytest.mark.parametrize("others", [[], MORE])
@pytest.mark.parametrize(
    "event",
    [
        {"event_id": "order-10421"},
        {"event_id": True, "properties": {"order_id": True}},
        {"user": {"external_id": "1042"}},
        {"event_id": "purchase-1042"},
        {"event_id": "x", "properties": "1042"},
        ["1042"],
        None,
    ],
)
def test_a_part_of_an_id_is_another(event: Any, others: list[str]) -> None:
    """As is a number at another place."""
    asked = Asked(["1042", *others])
    assert list(asked.found_in(orjson.dumps([event]))) == []


@pytest.mark.parametrize("others", [[], MORE])
@pytest.mark.parametrize("payload", [b"", b"1042", b'{"event_id":"1042"}', b'["1042", {'])
def test_what_is_no_block_holds_nothing(payload: bytes, others: list[str]) -> None:
    """Whoever wrote it."""
    assert list(Asked(["1042", *others]).found_in(payload)) == []


def test_json_of_other_producers_is_read_too() -> None:
    """With blanks, and characters escaped that need not be."""
    payload = rb'[{"event_id" : "a\u002db"}, { "event_id": "c" }]'
    found = [word for _, word, _ in Asked(["a-b", "c", *MORE]).found_in(payload)]
    assert found == ["a-b", "c"]

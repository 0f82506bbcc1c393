"""Dead letters in figures, from the ledger alone."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from tests.builders import letters
from tests.builders.replays import replay_letter
from tests.builders.stores import store_of
from worker.letters.dead_letters import DeadLetters, Reason
from worker.letters.facets import Facets, Sum
from worker.letters.filter import LetterFilter
from worker.letters.ledger import HOUR_S

HOUR = 498_611
NOW = HOUR * HOUR_S + 1_800.0


def bury(redis: Redis, **given: Any) -> str:
    """Bury one letter, by default an hour old and good for two days."""
    body = {
        "event": given.pop("event", "Purchase"),
        "event_id": given.pop("event_id", "order-1"),
        "properties": {"value": given.pop("value", 10), "currency": given.pop("currency", "EUR")},
    }
    known = {"code": 40002, "died_at": NOW - HOUR_S, "expires_at": NOW + 48 * HOUR_S}
    return letters.bury(redis, body, **(known | given))


def counts(facets: Facets, name: str) -> dict[Any, int]:
    """Letters per value of a dimension."""
    return {value: one.letters for value, one in facets.groups[name].items()}


@pytest.fixture
def several(redis: Redis) -> Redis:
    """Four letters: two of one kind, one too old, one of another kind."""
    bury(redis, message="value 17")
    bury(redis, message="value 4", value=2.5)
    bury(redis, message="value 9", expires_at=NOW - 3 * HOUR_S, died_at=NOW - 30 * HOUR_S)
    bury(
        redis,
        reason=Reason.INVALID,
        code=None,
        path="properties.contents.2.price",
        event="Lead",
        destination="app:7",
        value=None,
        event_id="order-9",
        expires_at=NOW + 60,
    )
    return redis


def test_no_letters_are_nothing(redis: Redis) -> None:
    """Everything is zero, and exact."""
    facets = Facets.read(store_of(redis), now=NOW)
    assert (facets.total, facets.exact, facets.deadlines) == (Sum(), True, {})


def test_letters_are_counted_by_what_they_have_in_common(several: Redis) -> None:
    """Every dimension adds up to the whole, the largest value first."""
    facets = Facets.read(store_of(several), now=NOW)
    assert (facets.total.letters, facets.total.recoverable, facets.exact) == (4, 3, True)
    assert counts(facets, "reason") == {"rejected": 3, "invalid": 1}
    assert counts(facets, "code") == {40002: 3, None: 1}
    assert counts(facets, "field") == {None: 3, "properties.contents[].price": 1}
    assert counts(facets, "message") == {"value #": 3, "refused": 1}
    assert counts(facets, "event") == {"Purchase": 3, "Lead": 1}
    assert counts(facets, "destination") == {"web:C0PIXEL": 3, "app:7": 1}
    assert counts(facets, "source") == {"web": 3, "app": 1}
    assert counts(facets, "currency") == {"EUR": 4}
    assert counts(facets, "ambiguous") == {False: 4}
    assert list(counts(facets, "reason")) == ["rejected", "invalid"]


def test_ages_and_deadlines_stand_in_their_order(several: Redis) -> None:
    """By whole hours; what expires in this very hour can still be sent."""
    facets = Facets.read(store_of(several), now=NOW)
    assert list(counts(facets, "age").items()) == [("1h to 6h", 3), ("1d to 3d", 1)]
    assert list(counts(facets, "time_left").items()) == [
        ("expired", 1),
        ("under 1h", 1),
        ("1d to 3d", 2),
    ]
    assert facets.deadlines == {HOUR * HOUR_S: 1, (HOUR + 48) * HOUR_S: 2}
    assert facets.groups["reason"]["rejected"].soonest == HOUR + 48


def test_money_is_added_up_per_currency(several: Redis) -> None:
    """All of it, and what can still be recovered; different currencies never meet."""
    bury(several, currency="JPY", value=1200)
    money = Facets.read(store_of(several), now=NOW).as_dict()["money"]
    assert money == {
        "EUR": {"total": 22.5, "recoverable": 12.5},
        "JPY": {"total": 1200.0, "recoverable": 1200.0},
    }


@pytest.mark.parametrize(
    ("wanted", "letters", "exact"),
    [
        (LetterFilter(reason="rejected"), 3, True),
        (LetterFilter(event="Lead", source="app"), 1, True),
        (LetterFilter(recoverable=False, code=40002), 1, True),
        (LetterFilter(recoverable=True), 3, False),
        (LetterFilter(since=(HOUR - 2) * HOUR_S), 3, True),
        (LetterFilter(since=NOW - 1.2 * HOUR_S), 3, False),
        (LetterFilter(until=(HOUR - 20) * HOUR_S), 1, True),
        (LetterFilter(text="value"), 3, True),
        (LetterFilter(text="value 17"), 3, False),
        (LetterFilter(text="price"), 1, True),
        (LetterFilter(text="nothing like it"), 0, True),
        (LetterFilter(event_id="order-9"), 1, True),
        (LetterFilter(ids=("1-0", "2-0", "99-0")), 2, True),
    ],
)
def test_a_filter_says_whether_it_was_kept_to_the_letter(
    several: Redis, wanted: LetterFilter, letters: int, *, exact: bool
) -> None:
    """Where only letters could tell, the figure is the most there can be, and says so."""
    facets = Facets.read(store_of(several), wanted, now=NOW)
    assert (facets.total.letters, facets.exact) == (letters, exact)


def test_what_is_gone_is_not_counted(several: Redis) -> None:
    """A replay, a purge and a change are seen at once."""
    letters = DeadLetters(store_of(several))
    assert replay_letter(several, "1-0")
    letters.purge(list(letters.find(LetterFilter(ids=("3-0",)))))
    facets = Facets.read(store_of(several), now=NOW)
    assert (facets.total.letters, counts(facets, "message")) == (2, {"refused": 1, "value #": 1})

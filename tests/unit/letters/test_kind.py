"""What dead letters have in common, and what is taken out so that they have it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import letters
from worker.attempts.history import History
from worker.letters.kind import SHAPE_CHARS, Kind, is_whole, shape_of
from worker.letters.ledger import HOUR_S, LATEST_H, Cell
from worker.letters.letter import DeadLetter, Reason, field_of
from worker.letters.record import Record, deadline_of, index_word, read_letter

HOUR = 498_611


def letter(**given: Any) -> DeadLetter:
    """A letter that died on the hour."""
    body = {
        "event": "Purchase",
        "event_id": given.pop("event_id", "order-1"),
        "properties": {"value": given.pop("value", 12.5), "currency": given.pop("currency", "EUR")},
    }
    known = {
        "message": "data.3.value: Invalid value 'x'.",
        "path": "properties.contents.3.price",
        "code": 40002,
        "expires_at": (HOUR + 5) * HOUR_S + 0.5,
    }
    return letters.letter(body, now=HOUR * HOUR_S, **(known | given))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("too old to be sent", "too old to be sent"),
        ("data.17.user: 3 errors", "data.#.user: # errors"),
        ("ISO 4217, SHA-256, utf8", "ISO #, SHA-#, utf#"),
        ("request 3f2b8c1e-77aa-4d10 failed", "request # failed"),
        ("Bad face 3FE2", "Bad face #"),
        ('value "a 1" is no "b"', 'value "…" is no "…"'),
        ("it's 'EURO', isn't it", "it's \"…\", isn't it"),
    ],
)
def test_numbers_and_quotations_are_taken_out(text: str, shape: str) -> None:
    """Messages that differ only in what they quote or count have one shape."""
    assert shape_of(text) == shape


def test_a_shape_is_not_long() -> None:
    """However long the message, the kind stays small."""
    shape = shape_of("word " * 100)
    assert (len(shape), shape[-1]) == (SHAPE_CHARS, "…")


@pytest.mark.parametrize(
    ("text", "whole"), [("plain words", True), ("9 words", False), ("'x' y", False)]
)
def test_a_shape_knows_whether_something_is_missing(text: str, *, whole: bool) -> None:
    """Only a whole shape can stand for the text."""
    assert is_whole(shape_of(text)) is whole


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("properties.contents.0.price", "properties.contents[].price"),
        ("user.email.2", "user.email[]"),
        ("properties.v2", "properties.v2"),
        ("event", "event"),
    ],
)
def test_a_field_has_no_positions(path: str, field: str) -> None:
    """The third price of a list is as wrong as the first."""
    assert field_of(path) == field


def test_letters_that_differ_in_details_are_of_one_kind() -> None:
    """Positions, quoted values, ids and amounts do not make a kind."""
    other = letter(
        event_id="order-2",
        value=3,
        message="data.41.value: Invalid value 'y'.",
        path="properties.contents.0.price",
    )
    assert Kind.of(letter()) == Kind.of(other)
    assert Kind.of(letter()).digest == Kind.of(other).digest


@pytest.mark.parametrize(
    "given",
    [
        {"reason": Reason.INVALID},
        {"code": 40000},
        {"path": None},
        {"destination": "web:C0OTHER"},
        {"currency": "USD"},
        {"history": History(1.0, ambiguous_since=1.0)},
        {"message": "something else"},
    ],
)
def test_what_is_told_apart_makes_a_kind(given: dict[str, Any]) -> None:
    """Everything that facets count by is part of the kind."""
    assert Kind.of(letter()) != Kind.of(letter(**given))


def test_a_kind_survives_redis() -> None:
    """What is read equals what was written."""
    kind = Kind.of(letter())
    assert Kind.read(kind.write().encode()) == kind


@pytest.mark.parametrize("event_id", ["order-1", "a b\nc\x00d", 'é"', None])
def test_a_letter_survives_redis(event_id: str | None) -> None:
    """The line before the JSON hides nothing of it, whatever the event_id is."""
    record = Record.of(letter(event_id=event_id))
    found = read_letter("17-0", record.stored.encode())
    assert (found.write(), found.id, found.kind) == (
        letter(event_id=event_id).write(),
        "17-0",
        record.kind.digest,
    )
    assert deadline_of(record.stored.encode()) == found.expires_at


def test_an_index_word_has_no_separator() -> None:
    """A line break or a NUL in an event_id cannot break the index."""
    assert index_word("a\x00b\nc") == r"a\u0000b\nc"


@pytest.mark.parametrize(
    ("value", "currency", "thousandths"),
    [
        (12.3456, "EUR", 12346),
        (-2, "EUR", -2000),
        (None, "EUR", 0),
        (5, None, 0),
        (1e300, "EUR", 0),
    ],
)
def test_only_money_that_can_be_added_up_counts(
    value: float | None, currency: str | None, thousandths: int
) -> None:
    """No currency, no value, or one that is surely a mistake: nothing."""
    one = letter(value=value, currency=currency)
    assert Cell.of(one, Kind.of(one)).thousandths == thousandths


@pytest.mark.parametrize(
    ("expires_at", "hour"),
    [
        ((HOUR + 5.9) * HOUR_S, HOUR + 5),
        (0.0, HOUR - 1),
        (1e300, HOUR + LATEST_H),
    ],
)
def test_absurd_deadlines_share_an_entry(expires_at: float, hour: int) -> None:
    """Wrong event times do not fill the ledger, and still lie within what the entry says."""
    one = letter(expires_at=expires_at)
    cell = Cell.of(one, Kind.of(one))
    assert cell.deadline_hour == hour
    assert cell.first_deadline <= expires_at <= cell.last_deadline

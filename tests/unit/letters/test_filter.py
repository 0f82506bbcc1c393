"""Which dead letters a filter means, and which kinds it need not look at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import letters
from tests.builders.letters import PURCHASE
from worker.letters.filter import LetterFilter
from worker.letters.kind import Kind
from worker.letters.letter import DeadLetter
from worker.letters.search import needle_of

NOW = 1_795_000_000.0


def letter(**values: Any) -> DeadLetter:
    """A letter that died an hour ago."""
    body = PURCHASE | {"event": values.pop("event", "Purchase")}
    known = {
        "message": "data.3.value: Invalid value 'x' of CURRENCY.",
        "path": "properties.contents.3.price",
        "code": 40002,
        "died_at": NOW - 3600,
    }
    return letters.letter(body, now=NOW, **(known | values))


@pytest.mark.parametrize(
    "wanted",
    [
        LetterFilter(),
        LetterFilter(reason="rejected", code=40002, event="Purchase", event_id="order-1"),
        LetterFilter(field="properties.contents[].price", destination="web:C0PIXEL", source="web"),
        LetterFilter(since=NOW - 3600, until=NOW, ambiguous=False, recoverable=True),
        LetterFilter(text="invalid VALUE 'x'"),
        LetterFilter(text="contents[].PRICE"),
    ],
)
def test_a_letter_that_has_all_of_it_matches(wanted: LetterFilter) -> None:
    """A letter matches, and its kind may."""
    assert wanted.matches(letter(), NOW)
    assert wanted.may_match(Kind.of(letter()))


@pytest.mark.parametrize(
    "wanted",
    [
        LetterFilter(ids=("1-0",)),
        LetterFilter(reason="rejected", code=40000),
        LetterFilter(field="properties.contents.3.price"),
        LetterFilter(event="Lead"),
        LetterFilter(event_id="order-2"),
        LetterFilter(destination=""),
        LetterFilter(source="app"),
        LetterFilter(since=NOW),
        LetterFilter(until=NOW - 3600),
        LetterFilter(ambiguous=True),
        LetterFilter(recoverable=False),
        LetterFilter(text="data.4"),
    ],
)
def test_a_letter_that_lacks_one_thing_does_not(wanted: LetterFilter) -> None:
    """Filters narrow each other down."""
    assert not wanted.matches(letter(), NOW)


@pytest.mark.parametrize(
    ("message", "text", "may"),
    [
        ("plain words", "other", False),
        ("plain words", "WORDS", True),
        ("order 4711 refused", "4711", True),
        ("order 4711 refused", "r 4711 r", True),
        ("order 4711 refused", "bill 4711", False),
        ("id 3fe2e is wrong", "2e is", True),
        ("value 'x' refused", "anything", True),
        ("3'' is no price", "3''", True),
        ("word " * 50, "anything", True),
    ],
)
def test_a_kind_without_the_text_is_not_read(message: str, text: str, *, may: bool) -> None:
    """Only what was taken out of the shape can hide a text."""
    assert LetterFilter(text=text).may_match(Kind.of(letter(message=message))) is may


ODDS = st.text(st.sampled_from("ab3 -.'\"x#Z9é"), max_size=12)


@given(before=ODDS, text=ODDS.filter(bool), after=ODDS)
def test_no_kind_is_passed_over_whose_letters_match(before: str, text: str, after: str) -> None:
    """Whatever the message: if it has the text, its kind may match and its record has the bytes."""
    one = letter(message=before + text + after)
    wanted = LetterFilter(text=text)
    if wanted.matches(one, NOW):
        assert wanted.may_match(Kind.of(one))
        assert (needle_of(text) or b"") in one.write().lower().encode()


@given(first=ODDS, second=ODDS, text=ODDS.filter(bool))
def test_a_kind_that_is_covered_matches_whole(first: str, second: str, text: str) -> None:
    """When a filter covers a kind, no letter of it is an exception."""
    one, other = letter(message=first), letter(message=second)
    wanted = LetterFilter(text=text)
    if Kind.of(one) == Kind.of(other) and wanted.covers(Kind.of(one)):
        assert wanted.matches(one, NOW)
        assert wanted.matches(other, NOW)


@pytest.mark.parametrize(("event", "covers"), [("Purchase", True), ("Level2Done", False)])
def test_a_name_with_a_number_covers_no_kind(event: str, *, covers: bool) -> None:
    """Names that differ in a number are of one kind; the filter still tells them apart."""
    wanted, kind = LetterFilter(event=event), Kind.of(letter(event=event))
    assert (wanted.may_match(kind), wanted.covers(kind)) == (True, covers)
    assert not wanted.matches(letter(event="Level1Done"), NOW)


def test_a_filter_survives_storage() -> None:
    """What is read equals what was written, and only what was given is written."""
    wanted = LetterFilter(ids=("1-0", "2-0"), code=0, ambiguous=False, destination="")
    assert LetterFilter.from_dict(wanted.as_dict()) == wanted
    assert LetterFilter().as_dict() == {}
    assert (wanted.narrows, LetterFilter().narrows) == (True, False)


def test_a_filter_is_told_in_one_line_without_persons() -> None:
    """Questions and the audit name the filter, not what may be a person's data."""
    wanted = LetterFilter(
        reason="rejected",
        code=40002,
        destination="",
        since=0.0,
        recoverable=False,
        event_id="jo@shop.example",
        text="Jo Doe",
    )
    assert wanted.words() == (
        "reason rejected, code 40002, destination none, died since 1970-01-01 00:00:00 UTC, "
        "not recoverable, event_id [e-mail], a text of 6 characters"
    )
    assert LetterFilter(ids=("1-0", "2-0")).words() == "2 by id"
    assert LetterFilter().words() == "every dead letter"

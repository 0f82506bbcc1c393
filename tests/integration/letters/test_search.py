"""Dead letters are found page by page, in order, while others come and go."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from redis import Redis

from tests.builders import letters as builders
from tests.builders.stores import store_of
from worker.letters.dead_letters import PAGE, Cursor, DeadLetter, DeadLetters, Reason
from worker.letters.filter import LetterFilter
from worker.letters.ledger import HOUR_S

NOW = 1_795_000_000.0
EVERY = LetterFilter()


def letter(number: int, **given: Any) -> DeadLetter:
    """A letter of one of a few kinds; many have the same deadline."""
    known = {"destination": f"web:C0PIXEL{number % 3}", "expires_at": NOW + number % 2}
    body = {"event_id": f"order-{number}", "event": "Lead"}
    return builders.letter(body, now=NOW, **(known | given))


@pytest.fixture
def letters(redis: Redis) -> DeadLetters:
    """No letters."""
    return DeadLetters(store_of(redis))


def bury(letters: DeadLetters, count: int, **given: Any) -> list[str]:
    """Bury some; returns the ids in the order in which they are found."""
    buried = [(one.expires_at, letters.bury(one)) for one in _some(count, **given)]
    return [letter_id for _, letter_id in sorted(buried)]


def _some(count: int, **given: Any) -> list[DeadLetter]:
    return [letter(number, **given) for number in range(count)]


def ids(found: Any) -> list[str]:
    """Of the letters that are found."""
    return [one.id for one in found]


def test_every_letter_is_found_once_in_order(letters: DeadLetters) -> None:
    """More than a page of each kind, and of each deadline."""
    expected = bury(letters, 4 * PAGE)
    assert ids(letters) == expected


@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_cursor_goes_on_behind_its_letter(letters: DeadLetters, size: int) -> None:
    """Pages put together are the whole, even where all have one deadline."""
    expected = bury(letters, 120, expires_at=NOW)
    found: list[str] = []
    after: Cursor | None = None
    while page := list(islice(letters.find(EVERY, after=after), size)):
        found += ids(page)
        after = Cursor.parse(str(Cursor.of(page[-1])))
    assert found == expected


def test_a_cursor_outlives_its_letter(letters: DeadLetters) -> None:
    """The letter that a page ended with may be purged before the next page is asked for."""
    expected = bury(letters, 30, expires_at=NOW)
    page = list(islice(letters.find(EVERY), 10))
    letters.purge(page[5:])
    assert ids(letters.find(EVERY, after=Cursor.of(page[-1]))) == expected[10:]


def test_no_letter_is_passed_over_while_others_are_purged(letters: DeadLetters) -> None:
    """A long command may remove what it has found and go on."""
    expected = bury(letters, 3 * PAGE)
    found = letters.find(EVERY)
    seen: list[str] = []
    while page := list(islice(found, 100)):
        seen += ids(page)
        letters.purge(page)
    assert (seen, len(letters)) == (expected, 0)


def test_letters_of_more_kinds_than_fit_into_a_call_are_merged(letters: DeadLetters) -> None:
    """However many kinds, there is one order."""
    buried = [
        (NOW + number % 7, letters.bury(letter(number, code=number, expires_at=NOW + number % 7)))
        for number in range(230)
    ]
    assert ids(letters) == [letter_id for _, letter_id in sorted(buried)]


def test_a_time_of_death_leads_to_the_hours_that_have_it(letters: DeadLetters) -> None:
    """Letters of other hours stand between those that match, by deadline."""
    expected = []
    for number in range(60):
        died_at = NOW - number % 6 * HOUR_S
        one = letter(number, died_at=died_at, expires_at=NOW + number * HOUR_S)
        letter_id = letters.bury(one)
        expected += [letter_id] if number % 6 == 2 else []
    wanted = LetterFilter(since=NOW - 2.5 * HOUR_S, until=NOW - 1.5 * HOUR_S)
    assert ids(letters.find(wanted, now=NOW)) == expected


def test_absurd_deadlines_are_found_by_the_time_of_death(letters: DeadLetters) -> None:
    """The ledger counts them elsewhere, and still leads to them."""
    expected = [
        letters.bury(letter(number, expires_at=expires_at))
        for number, expires_at in enumerate([0.0, NOW, 1e15])
    ]
    assert ids(letters.find(LetterFilter(since=NOW - 1), now=NOW)) == expected


def test_ids_are_found_in_the_order_of_deadlines(letters: DeadLetters) -> None:
    """Unknown ones and repeats are not found; the other filters hold too."""
    found = bury(letters, 6)
    wanted = LetterFilter(ids=(found[4], found[1], "99-0", found[1], found[3]))
    assert ids(letters.find(wanted)) == [found[1], found[3], found[4]]
    narrower = LetterFilter(ids=tuple(found), destination="web:C0PIXEL1")
    assert len(list(letters.find(narrower))) == 2


def test_an_event_id_is_not_the_beginning_of_another(letters: DeadLetters) -> None:
    """`order-1` is not `order-10`."""
    bury(letters, 20)
    (found,) = letters.find(LetterFilter(event_id="order-1"))
    assert found.event_id == "order-1"


def test_a_letter_that_was_changed_is_not_purged_as_the_old_one(letters: DeadLetters) -> None:
    """Who has the old letter does not remove what somebody has made of it."""
    bury(letters, 1)
    (old,) = letters
    assert letters.change(old, letter(0, reason=Reason.INVALID))
    assert (letters.purge([old]), len(letters)) == (0, 1)


def test_changes_are_made_in_bulk(letters: DeadLetters) -> None:
    """Each is told whether it was made; one that was overtaken leaves the others alone."""
    bury(letters, PAGE + 10)
    found = list(letters)
    letters.purge(found[3:4])
    changes = [(old, letter(0, message="repaired")) for old in found]
    assert letters.change_many(changes) == [place != 3 for place in range(len(found))]
    assert len(list(letters.find(LetterFilter(text="repaired")))) == len(found) - 1


@pytest.mark.parametrize("text", ["", "1795", "x/1-0", "nan/1-0", "1.0/"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """A page is never begun at a place that was misread."""
    with pytest.raises(ValueError, match=r"DEADLINE/ID|could not convert"):
        Cursor.parse(text)

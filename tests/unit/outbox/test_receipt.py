"""What the receipts of events look like, and how many bytes they take."""

from __future__ import annotations

import pytest

from schemas.catalogue import APP_EVENTS, FORMER_STANDARD_EVENTS, STANDARD_EVENTS
from worker.outbox.receipt import NAMES, End, Ended, digest_of, event_id_of, row_of
from worker.outbox.receipt_writing import Receipts, elements

REQUEST = "202611302115380102030405060708ABCD"
PIXEL = "web:C0EXAMPLE0PIXEL0CODE"


def ended(*event_ids: str, name: str = "Purchase") -> Ended:
    """Events that one request delivered."""
    digests = [digest_of(one) for one in event_ids]
    return Ended(End.DELIVERED, 5.0, 1.0, REQUEST, 1, 0, digests, [name] * len(digests))


def size(*some: Ended) -> int:
    """Bytes of the elements."""
    return sum(len(element) for _, element in elements(PIXEL, some))


def test_an_event_takes_thirteen_bytes_beside_what_it_shares() -> None:
    """In bulk, little more; alone, its request id and all else once."""
    assert size(ended("order-1")) == 41
    assert size(ended(*(f"order-{number}" for number in range(1000)))) < 13.5 * 1000


def test_blocks_that_one_request_carried_share_their_elements() -> None:
    """However many there are: one for each beginning of a digest."""
    one_by_one = [ended(f"order-{number}") for number in range(1000)]
    assert len(elements(PIXEL, one_by_one)) == 16


def test_names_of_tiktok_take_one_byte() -> None:
    """All of them; others are written once for all events that have them."""
    assert {*NAMES} >= STANDARD_EVENTS | APP_EVENTS | FORMER_STANDARD_EVENTS
    assert len(NAMES) == len({*NAMES})
    own = size(ended("order-1", name="Öffnen")) - size(ended("order-1"))
    assert own == 1 + len("Öffnen".encode())


def test_a_request_id_of_other_letters_is_kept_as_it_is() -> None:
    """Twice as long."""
    one = ended("order-1")
    one.request_id = "r/" + REQUEST[2:]
    assert size(one) == 41 + 17


def test_more_names_than_there_are_codes_are_any_other() -> None:
    """The settlement goes on."""
    many = ended(*(f"order-{number}" for number in range(2000)))
    many.names = [f"Name{number}" for number in range(2000)]
    assert sum(len(element) for _, element in elements(PIXEL, [many])) > 26_000


@pytest.mark.parametrize(
    ("destination", "row"),
    [("web:P", "w:2"), ("app:P", "w:2"), ("crm:P", "w:2"), ("offline:P", "o:2"), ("", "w:2")],
)
def test_offline_events_are_filed_apart(destination: str, row: str) -> None:
    """Theirs are kept longer; each hour has lists of its own."""
    assert row_of(destination, 7200.9) == row


@pytest.mark.parametrize(
    ("body", "event_id"),
    [
        ({"event_id": "order-1"}, "order-1"),
        ({"event_id": 1042}, "1042"),
        ({"event_id": True}, ""),
        ({"event_id": None}, ""),
        ({}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_what_died_is_found_by_whatever_its_id_was(body: object, event_id: str) -> None:
    """A number, too, though the API takes texts alone."""
    assert event_id_of(body) == event_id


def test_times_that_no_clock_shows_are_written_all_the_same() -> None:
    """An end before the acceptance, one before 1970, one beyond 2106."""
    for at, accepted_at in ((1.0, 9.0), (-5.0, 0.0), (1e12, 0.0)):
        one = ended("order-1")
        one.at, one.accepted_at = at, accepted_at
        assert size(one) == 41


def test_nothing_ended_leaves_nothing_to_write() -> None:
    """No list, no element."""
    receipts = Receipts.of(PIXEL, [], 7200.0)
    assert (receipts.elements, receipts.facts[0]) == ([], 0)

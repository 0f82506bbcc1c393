"""Receipts, and how many there must be."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

from tests.builders.stores import store_of
from worker.operations.status import read_figures
from worker.outbox.receipt import End, Ended, digest_of
from worker.outbox.receipt_lists import ReceiptLists


def accepted(event_id: str, event: str = "Lead") -> Ended:
    """What the receipt is made of of an event that the API accepted."""
    return Ended(End.DELIVERED, 2.0, 1.0, "r1", 1, 0, [digest_of(event_id)], [event])


def ends(redis: Redis, event_id: str) -> list[End]:
    """What became of an event, the first end first."""
    found = ReceiptLists(store_of(redis)).find([event_id])
    return [receipt.end for receipt in found.get(event_id, [])]


def last_ends(redis: Redis, event_ids: Iterable[str]) -> dict[str, End]:
    """What became of events in the end, of all that have a receipt."""
    found = ReceiptLists(store_of(redis)).find(event_ids)
    return {event_id: receipts[-1].end for event_id, receipts in found.items()}


def receipts_missing(redis: Redis) -> int:
    """Receipts missing (above 0) or surplus: delivered + died, less those there are or were."""
    store = store_of(redis)
    figures = read_figures(store)
    ended = figures.count("delivered") + sum(figures.buried.values())
    gone = sum(map(figures.count, ("receipts_cut", "receipts_erased", "died_unnamed")))
    return ended - gone - sum(one.end.is_counted for one in ReceiptLists(store))

"""Erase the receipts of erased events; the new receipt says only that they were erased."""

from __future__ import annotations

from typing import Any

from tiktok_events.outbox.store import Store
from worker.outbox.receipt import End, Ended, digest_of, event_id_of
from worker.outbox.receipt_lists import ReceiptLists


class ErasedReceipts:
    """Collects what was erased, and erases its receipts at the end.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._erased: dict[str, list[Ended]] = {}

    def note(self, destination: str, event: Any, *, event_id: str | None = None) -> None:
        """Note that an event was erased."""
        digest = digest_of(event_id or event_id_of(event))
        name = event.get("event") if isinstance(event, dict) else None
        one = Ended(End.ERASED, 0.0, 0.0, digests=[digest], names=[_text(name)])
        self._erased.setdefault(destination, []).append(one)

    def erase(self) -> None:
        """Erase the receipts of all that was noted since the last call.

        Raises:
            redis.RedisError: the server did not answer, or refused; this can be called again.
        """
        if not self._erased:
            return
        now = float(self._store.redis.time()[0])
        for some in self._erased.values():
            for one in some:
                one.at = one.accepted_at = now
        ReceiptLists(self._store).erase(self._erased, now)
        self._erased = {}


def _text(name: object) -> str:
    return name[:50] if isinstance(name, str) else ""

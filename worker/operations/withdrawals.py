"""Withdraw consent: applications leave requests in Redis, and a worker erases the events.

A request stays until every place was reached, so that it survives killed workers and claims that
last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from redis.exceptions import OutOfMemoryError

from tiktok_events.outbox.store import Store
from tiktok_events.outbox.withdrawal import Withdrawal
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Account, Erasure
from worker.operations.erasure_found import Found
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import WORKER, Action

EVERY_MS: Final = 5_000
"""Milliseconds between two erasures by all workers: each one reads everything that waits."""


def is_time_to_withdraw(store: Store) -> bool:
    """Return whether the caller is to start an erasure: somebody has withdrawn consent."""
    keys = store.shards.installation
    if not store.redis.hlen(keys.withdrawals):
        return False
    try:
        return bool(store.redis.set(keys.withdrawing, 1, px=EVERY_MS, nx=True))
    except OutOfMemoryError:  # the server is full, and erasing makes room
        return True


class Withdrawals:
    """The requests of applications.

    Args:
        store: the outbox.
        lease_s: how long a claim lives without being settled.
    """

    def __init__(self, store: Store, *, lease_s: float) -> None:
        self._store = store
        self._requests = store.shards.installation.withdrawals
        self._lease_s = lease_s

    def run(self) -> Found:
        """Erase delayed, waiting and dead events of all who asked, together.

        Raises:
            redis.RedisError: the server did not answer, or refused; the requests stay.
        """
        asked, found = self._asked(), Found()
        if not asked:
            return found
        audit = Audit(self._store)
        with audit.act(Action.ERASE, who=WORKER, filter=f"{len(asked):,} withdrew consent") as act:
            self._erasure(_subject(asked.values()), Account(audit, act)).run(found, lambda: None)
            act.result = "done" if found.complete else "not everything was reached"
        if found.complete:
            self._store.redis.hdel(self._requests, *asked)
        return found

    def _erasure(self, subject: DataSubject, account: Account) -> Erasure:
        return Erasure(self._store, subject, lease_s=self._lease_s, account=account)

    def _asked(self) -> dict[bytes, Withdrawal]:
        """Return the requests; unreadable ones are removed."""
        stored = cast("dict[bytes, bytes]", self._store.redis.hgetall(self._requests))
        read = {name: Withdrawal.read(body) for name, body in stored.items()}
        if junk := [name for name, one in read.items() if one is None or not one.values]:
            self._store.redis.hdel(self._requests, *junk)
        return {name: one for name, one in read.items() if one is not None and one.values}


def _subject(asked: Any) -> DataSubject:
    """Return all of them as one data subject, because each erasure reads everything that waits."""
    digests: dict[str, frozenset[str]] = {}
    for key, value in _values(asked):
        digests[key] = digests.get(key, frozenset()) | {value.lower()}
    return DataSubject(digests)


def _values(asked: Any) -> Iterator[tuple[str, str]]:
    for withdrawal in asked:
        for key, values in withdrawal.values.items():
            yield from ((key, value) for value in values)

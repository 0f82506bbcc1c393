"""Give an erasure all that it needs: the outbox, this machine's spool, Celery's messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tiktok_events.client import connect
from tiktok_events.outbox.store import Store
from tiktok_events.spool.spool import Spool
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Account, Elsewhere, Erasure
from worker.operations.erasure_blocks import Seen
from worker.operations.erasure_found import Found
from worker.operations.queued_events import QueuedEvents
from worker.operations.spooled_events import SpooledEvents
from worker.reporting.audit import Act, Audit
from worker.settings import Settings

NOUNS: Final = {"email": "e-mail address", "phone": "phone number", "external_id": "external id"}


@dataclass(frozen=True, slots=True)
class ErasureDesk:
    """Counts and erases the events of one data subject.

    Attributes:
        store: the outbox.
        subject: whose events are meant.
        words: how the data subject was named, for the audit, without values.
        lease_s: how long a claim lives without being settled.
        elsewhere: further places to search.
    """

    store: Store
    subject: DataSubject
    words: str
    lease_s: float
    elsewhere: Elsewhere

    def steps(self) -> int:
        """Return about how much there is to search."""
        return self._erasure(None).steps()

    def count(self, seen: Seen) -> Found:
        """Count what there is, without changing anything."""
        return self._erasure(None).count(seen)

    def erase(self, act: Act, seen: Seen) -> Found:
        """Erase it, and count it in the act."""
        found = Found()
        self._erasure(Account(Audit(self.store), act)).run(found, seen)
        act.result = "done" if found.complete else "not everything was reached"
        return found

    def _erasure(self, account: Account | None) -> Erasure:
        return Erasure(
            self.store,
            self.subject,
            lease_s=self.lease_s,
            elsewhere=self.elsewhere,
            account=account,
        )


@contextmanager
def erasure_desk(
    store: Store, settings: Settings, values: Mapping[str, Sequence[str]], subject: DataSubject
) -> Iterator[ErasureDesk]:
    """Yield a desk, with a connection to Celery's broker for as long.

    Args:
        store: the outbox.
        settings: for the lease, the spool and the broker.
        values: the values that name the data subject; only their number is recorded.
        subject: whose events are meant.
    """
    with _queued(settings, subject) as queued:
        elsewhere = Elsewhere(_spooled(settings, subject), queued)
        yield ErasureDesk(store, subject, _words(values), settings.lease_s, elsewhere)


@contextmanager
def _queued(settings: Settings, subject: DataSubject) -> Iterator[QueuedEvents | None]:
    """Return Celery's messages, if there is a broker that could hold some."""
    if (url := settings.celery_broker_url) is None:
        yield None
        return
    with Store(connect(replace(settings, redis_url=url)), settings.layout) as broker:
        region = settings.default_region
        yield QueuedEvents(broker.redis, settings.layout.broker, subject, region)


def _spooled(settings: Settings, subject: DataSubject) -> SpooledEvents | None:
    """Return this machine's spool, if it has one; this creates no file."""
    path = settings.spool_file
    if path is None or not path.exists():
        return None
    spool = Spool(path, settings.spool_bytes, settings.redis_timeout_s)
    return SpooledEvents(spool, subject)


def _words(values: Mapping[str, Sequence[str]]) -> str:
    """Return for the audit how many values of each kind were given, without the values."""
    return ", ".join(f"{len(texts):,} by {NOUNS[key]}" for key, texts in values.items())

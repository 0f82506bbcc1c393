"""Search waiting events in all outboxes: an index would cost every event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from redis.exceptions import ResponseError

from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.store import Store
from worker.attempts.history import History
from worker.delivery.prepare import Preparer
from worker.letters.letter import ORDER_CHARS
from worker.operations.destination_figures import DestinationFigures
from worker.operations.trace.asked import Asked, order_of
from worker.operations.trace.kept import steps_of_history
from worker.operations.trace.life import Life, State, in_order
from worker.operations.trace.words import Standing
from worker.outbox.backlog import Backlog, StoredBlock
from worker.outbox.receipt import event_id_of
from worker.reporting.redaction import redacted
from worker.reporting.stored import destination_of, seconds_of, text_of, whole_of
from worker.settings import Settings

Seen = Callable[[], None]
"""A callback for each block that was searched."""

SHELF: Final = "due-again"
POSTPONED: Final = "postponed"
_STATE: Final = ("parked", "failures", "not_before")


class Waiting:
    """Finds events in outboxes.

    Args:
        store: the outbox.
        settings: settings with windows and the lease.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._backlog = Backlog(store)

    def __len__(self) -> int:
        """Return how many blocks there are to search."""
        return self._backlog.length(self._backlog.destinations())

    def find(self, asked: Asked, seen: Seen) -> Iterator[tuple[str, Life]]:
        """Yield the waiting events that are meant: the word that means each, and its life."""
        for name in self._backlog.destinations():
            try:
                yield from self._in_outbox(name, asked, seen)
            except ResponseError:
                continue  # `status` reports what our code did not write

    def _in_outbox(self, name: str, asked: Asked, seen: Seen) -> Iterator[tuple[str, Life]]:
        before = 0
        for block in self._backlog.blocks(name):
            for index, word, event in asked.found_in(block.payload):
                yield word, self._life(block, event, before + index)
            before += block.events
            seen()

    def _life(self, block: StoredBlock, event: Any, behind: int) -> Life:
        now, history, claim, figures = self._facts(block)
        holder, idle_s = claim
        lease_s = self._settings.lease_s
        claimed = holder not in {None, SHELF, POSTPONED} and idle_s < lease_s
        standing = Standing(
            behind, holder == POSTPONED, history.suspect, holder if claimed else None, figures
        )
        name = event.get("event") if isinstance(event, dict) else None
        return Life(
            event_id=event_id_of(event),
            event=name if isinstance(name, str) else None,
            destination=block.destination,
            state=State.CLAIMED if claimed else State.WAITING,
            steps=in_order(steps_of_history(history)),
            reason=standing.reason(now),
            advice=standing.advice(now),
            order_id=redacted((order_of(event) or "")[:ORDER_CHARS], ours=True) or None,
            behind=behind,
            holder=standing.holder,
            until=now + lease_s - idle_s if claimed else None,
            due_at=figures.due_at,
            expires_at=self._expires_at(block.destination, event, history.accepted_at),
            ambiguous=history.ambiguous,
        )

    def _facts(
        self, block: StoredBlock
    ) -> tuple[float, History, tuple[str | None, float], DestinationFigures]:
        """Return time, history, claim and figures of the destination, from one round trip."""
        name = block.destination
        keys = self._store.shards.of(name)
        with self._store.redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.hget(keys.attempts(name), block.id)
            pipeline.xpending_range(keys.outbox(name), GROUP, block.id, block.id, 1)
            pipeline.hmget(keys.state(name), _STATE)
            pipeline.zscore(keys.ready, name)
            time, tried, claims, state, due = pipeline.execute(raise_on_error=False)
        return time[0], _history(block, tried), _claim(claims), _figures(name, state, due)

    def _expires_at(self, name: str, event: Any, accepted_at: float) -> float | None:
        destination = destination_of(name)
        if destination is None:
            return None
        return Preparer(destination, self._settings).expires_at(event, accepted_at)


def _history(block: StoredBlock, tried: Any) -> History:
    try:
        return History.read(tried or b"", block.accepted_at)
    except (ValueError, TypeError, KeyError):
        return History(block.accepted_at)


def _claim(found: Any) -> tuple[str | None, float]:
    """Return who holds a block, and for how many seconds."""
    if isinstance(found, Exception) or not found:
        return None, 0.0
    entry = cast("dict[str, Any]", found[0])
    return text_of(entry["consumer"]), entry["time_since_delivered"] / 1000


def _figures(name: str, state: Any, due: Any) -> DestinationFigures:
    parked, failures, not_before = [None] * 3 if isinstance(state, Exception) else state
    return DestinationFigures(
        destination=name,
        failures=whole_of(failures or b"0") or 0,
        not_before=None if not_before is None else seconds_of(not_before),
        due_at=seconds_of(due) if isinstance(due, float) else None,
        parked=None if parked is None else text_of(parked),
    )

"""Treat events that Redis did not take as the setting says: raise, spool, or drop and count."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from tiktok_events.connection.trouble import no_outbox
from tiktok_events.errors import OutboxUnavailable
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.commit import NotAppended
from tiktok_events.outbox.tally import Tally
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.spool import SHARE, Spool

log = logging.getLogger("tiktok_events")

LOOK_PAUSE_S: Final = 1.0
"""Seconds to the next look into a spool that was empty, or in use by another process."""


QUIET_S: Final = 5.0
"""After so many seconds without a failure of any of several servers, all of them are back."""


class Fallback:
    """Does with events what `ON_FAILURE` says; safe to share between threads and across fork.

    Args:
        settings: settings of the client.
        clock: returns seconds that only grow.

    Attributes:
        spool: the spool; `None` unless `ON_FAILURE` is `spool`.

    Raises:
        InvalidSetting: the spool's file cannot be made or used.
    """

    def __init__(
        self, settings: ClientSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.spool = Spool.of(settings) if settings.on_failure == "spool" else None
        self._spool_s = settings.redis_timeout_s * SHARE
        self._drops = settings.on_failure == "drop"
        self._dropped = Tally()
        self._clock = clock
        self._redis_url = settings.redis_url
        self._look_at = 0.0
        self._in_outage = False
        self._over_at = 0.0

    @property
    def dropped(self) -> int:
        """Return how many events were dropped so far."""
        return self._dropped.count

    def receive(self, failure: NotAppended, end: float) -> None:
        """Take what may not be in Redis, before the call must end (monotonic seconds).

        Raises:
            OutboxUnavailable: `ON_FAILURE` is `raise`, or the spool cannot take the events.
        """
        self._note(failure)
        if self.spool is not None:
            long_enough = time.monotonic() + self._spool_s
            self.spool.put([*failure.in_doubt, *failure.missing], max(end, long_enough))
            self._announce(f"spooled in {self.spool.path}", failure.error)
        else:
            self.give_up(failure)

    def give_up(self, failure: NotAppended) -> None:
        """Drop events that can be kept nowhere else, if `ON_FAILURE` is `drop`.

        Raises:
            OutboxUnavailable: `ON_FAILURE` is something else.
        """
        if not self._drops:
            raise unavailable(failure, self._redis_url) from failure.error
        self._note(failure)
        self._announce("dropped, and counted in Client.dropped", failure.error)
        self._dropped.add(sum(one.events for one in (*failure.in_doubt, *failure.missing)))

    def recovered(self) -> None:
        """Note that Redis takes events again; of several servers, each one does."""
        if self._in_outage and self._clock() >= self._over_at:
            self._in_outage = False
            lost = f"; {self.dropped:,} events were dropped so far" if self._drops else ""
            log.warning("the outbox can be reached again%s", lost)

    def could_not_flush(self, error: Exception) -> None:
        """Note that the spool could not be moved; within an outage, this is not logged again."""
        if isinstance(error, NotAppended):
            self._note(error)
        if not self._in_outage:
            log.warning("the spool could not be flushed: %s", error)

    def due(self) -> bool:
        """Return whether it is time to look into the spool."""
        return self.spool is not None and self._clock() >= self._look_at

    def looked(self, flushed: int) -> None:
        """Note what a flush moved: after some events the next follows at once, else later."""
        self._look_at = 0.0 if flushed else self._clock() + LOOK_PAUSE_S

    def close(self) -> None:
        """Close the spool's file."""
        if self.spool is not None:
            self.spool.close()

    def _note(self, failure: NotAppended) -> None:
        """Note a failure: if others of several servers take events, the outage goes on."""
        if failure.one_of_several:
            self._over_at = self._clock() + QUIET_S

    def _announce(self, outcome: str, error: Exception) -> None:
        """Log an outage once: a line for each event would be the next problem."""
        if not self._in_outage:
            self._in_outage = True
            log.warning(
                "the outbox cannot be reached (%s): events are %s", type(error).__name__, outcome
            )


def unavailable(failure: NotAppended, redis_url: str) -> OutboxUnavailable:
    """Return the caller's error: what of the call is in the outbox, and what may be."""
    return OutboxUnavailable(
        no_outbox(failure.error, redis_url),
        accepted=_by_destination(failure.accepted),
        in_doubt=_by_destination(failure.in_doubt),
    )


def _by_destination(blocks: Iterable[Block]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for block in blocks:
        counts[block.destination] += block.events
    return dict(counts)

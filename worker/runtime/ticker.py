"""A consumer step in every worker that asks for tasks when work is due and nobody looks.

It is the clock of the whole system: retries, leases that end, doorbells that were lost, events
that were delayed, tokens that changed, parked events that expire, replays that go on, figures that
pass their thresholds.
No beat process: any one worker is enough, and many do no harm, because the script looks
and rings in one step. And no broker: what a worker finds, it asks itself for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from celery import bootsteps
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from worker.delivery.destinations import Destinations
from worker.delivery.expiry import is_time_to_sweep
from worker.delivery.token_watch import TokenWatch
from worker.operations.alerts.judge import is_time_to_look
from worker.operations.operator_webhook import is_time_to_tell
from worker.operations.withdrawals import is_time_to_withdraw
from worker.outbox.clock_watch import ClockWatch
from worker.outbox.delayed import DelayedEvents
from worker.outbox.misplaced import MisplacedWatch
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.replays.lease import ReplayLease
from worker.reporting.announcements import Announcements
from worker.reporting.figures.folding import is_time_to_fold
from worker.reporting.log import Log
from worker.reporting.outage import REDIS_OUTAGE, REFUSED, is_outage
from worker.runtime.bells import OwnBells
from worker.runtime.engine import THIS_PROCESS, ThisProcess, look_at
from worker.runtime.presence import Presence
from worker.runtime.probes import HEALTH
from worker.runtime.task_table import (
    ACCEPT,
    ALERTS,
    ANNOUNCE,
    DELIVER,
    FOLD,
    REPLAY,
    TELL,
    UPKEEP,
    WITHDRAW,
)

log = Log("tiktok_events.doorbell")

EVERY_S: Final = 1.0

OVERDUE_MS: Final = 1_000
"""What nobody took for so long, whatever bells hang, is served by every worker with room for it."""


class DoorbellStep(bootsteps.StartStopStep):
    """Runs in the worker's main process, in Celery's event loop: only short calls.

    Celery starts it again after every reconnect, our consumer while there is no broker.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, process: ThisProcess = THIS_PROCESS, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._settings = process.settings
        self._store = look_at(self._settings)
        self._outbox = Outbox(self._store, consumer="doorbell", lease_ms=0)
        self._presence = Presence(self._store)
        self._clock = ClockWatch(self._store)
        self._delayed = DelayedEvents(self._store)
        self._misplaced = MisplacedWatch(self._store)
        self._watch = TokenWatch(Parking(self._store), Destinations(self._settings))
        self._announcements = Announcements(self._store)
        self._replays = ReplayLease(self._store, holder="doorbell", lease_ms=0)
        self._consumer = parent
        self._bells = OwnBells(parent)
        self._timer: Any = None
        self._lost: list[int] = []

    def start(self, parent: Any) -> None:
        """Look every second from now on."""
        self._cancel()
        with suppress(RedisError):  # the next look says it
            self._presence.say()
        self._timer = parent.timer.call_repeatedly(EVERY_S, self._look)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 — because Celery calls it so
        """Stop looking."""
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        try:
            for step in self._steps():
                self._take(step)
        except (RedisError, OSError) as error:
            REDIS_OUTAGE.met(error)
            return
        REDIS_OUTAGE.over()
        HEALTH.beat()
        if self._settings.heartbeat_file is not None:
            self._settings.heartbeat_file.touch()

    def _steps(self) -> Iterator[Callable[[], object]]:
        yield self._say_what_is_lost
        yield self._presence.say
        yield self._clock.look
        yield self._delayed.release
        yield self._watch.look  # before the ring: what goes on now is due now
        yield self._ring
        yield self._ask_for_replays
        yield self._look_after_the_old
        yield self._look_at_figures
        yield self._tell_what_others_could_not
        yield self._tell_operators
        yield self._ask_for_withdrawals
        yield self._ask_for_a_fold
        yield self._misplaced.look

    def _take(self, step: Callable[[], object]) -> None:
        """Take one step; junk in the keys of one must not keep the worker from the others.

        Nor must a leader of a cluster that is away: what others lead goes on.
        """
        try:
            step()
        except ResponseError as error:
            if is_outage(error):
                raise
            REFUSED.met(error)
        except (RedisConnectionError, RedisTimeoutError):
            if not self._store.lost:
                raise

    def _say_what_is_lost(self) -> None:
        """Say once which shards cannot be reached while others can, and once that all can."""
        lost = self._store.lost
        if lost == self._lost:
            return
        self._lost = lost
        if lost:
            numbers = f"the leaders of shards {', '.join(map(str, lost))} do not answer"
            log.warning("shards_lost", message=numbers, shards=len(lost))
        else:
            log.info("shards_are_back")

    def _ring(self) -> None:
        rings = self._settings.rings and self._consumer.is_connected
        wanted = self._outbox.ring(rings=rings) and not rings
        if wanted or self._outbox.ring(rings=False, more_hands=True, within_ms=-OVERDUE_MS):
            self._bells.ring(DELIVER)
        if self._consumer.broker.has_messages:
            self._bells.ring(ACCEPT)

    def _ask_for_replays(self) -> None:
        """Ask for replays after the ring: live events come first."""
        for number in self._replays.offered():
            self._bells.ring(REPLAY, number)

    def _look_after_the_old(self) -> None:
        with suppress(OutOfMemoryError):  # the server is full: workers empty it all the same
            if is_time_to_sweep(self._store):
                self._bells.ring(UPKEEP)

    def _look_at_figures(self) -> None:
        """Ask for a task that looks: counting may take longer than the event loop can wait."""
        if not self._settings.alerts:
            return
        with suppress(OutOfMemoryError):  # the server is full: workers empty it all the same
            if is_time_to_look(self._store):
                self._bells.ring(ALERTS)

    def _tell_what_others_could_not(self) -> None:
        """Ask for a task that tells: a webhook may take longer than the event loop can wait."""
        if self._announcements.due():
            self._bells.ring(ANNOUNCE)

    def _ask_for_a_fold(self) -> None:
        """Ask for a task that folds: a fold may take longer than the event loop can wait."""
        with suppress(OutOfMemoryError):  # the server is full: workers empty it all the same
            if is_time_to_fold(self._store):
                self._bells.ring(FOLD)

    def _tell_operators(self) -> None:
        """Ask for a task that calls the webhook, which may take longer than the event loop can."""
        if self._settings.webhook is not None and is_time_to_tell(self._store):
            self._bells.ring(TELL)

    def _ask_for_withdrawals(self) -> None:
        if is_time_to_withdraw(self._store):
            self._bells.ring(WITHDRAW)

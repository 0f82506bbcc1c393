"""Celery's consumer, which works without its broker for as long as there is none to be used.

Celery's own waits in `ensure_connected` until the broker answers, and its event loop stands still
meanwhile: no task runs, and no child of the pool that dies is replaced. Here that loop is turned
until the broker takes writes. The steps below need no broker: they look for work, and ask this
worker for tasks.

A server that has become a replica breaks no connection: it answers, and refuses every write.
It is a broker that cannot be used, too.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any, Final

from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu.exceptions import OperationalError

from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE
from worker.runtime.broker_watch import BrokerWatch
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.stall import StallStep
from worker.runtime.ticker import DoorbellStep

AT_ONCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
"""Kombu's waits between two tries would hold up the event loop."""


class PatientConsumer(Consumer):
    """Hears doorbells only, and lacks nothing but these while the broker cannot be used.

    Attributes:
        broker: what is known about it.
        is_connected: whether bells that are rung there are heard.
    """

    controller: Any  # Celery's own, which its stubs do not name
    hub: Any
    steps: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Celery's `-Q` must not make it consume the messages that `worker.runtime.inbox` reads.
        kwargs["app"].amqp.queues.select([DOORBELL_QUEUE])
        self.broker = BrokerWatch(THIS_PROCESS.settings)
        self.is_connected = False
        super().__init__(*args, **kwargs)

    def start(self) -> None:
        """Consume; the pool has been forked."""
        self.broker.start()
        super().start()

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close what there is; connect again when the broker has shown that it can be used."""
        self.broker.usable = self.is_connected = False
        with warnings.catch_warnings():
            # It recommends what `worker.app` has decided against.
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)

    def ensure_connected(self, conn: Any) -> Any:
        """Return the connection when the broker can be used; work without it until then.

        Raises:
            celery.exceptions.WorkerShutdown: a SIGTERM has come meanwhile.
        """
        self.is_connected = False
        while not self.is_connected:
            if not self.broker.usable:
                self._work_alone()
            with suppress(OperationalError):
                conn.ensure_connection(**AT_ONCE)
                self.is_connected = True
            self.broker.usable = self.is_connected
        return conn

    def _work_alone(self) -> None:
        """Turn the event loop as Celery's `asynloop` does, but for the connection."""
        self.update_strategies()
        before = self._timers()
        self.controller.register_with_event_loop(self.hub)
        pools = self._timers() - before
        for step in self.steps:
            if isinstance(step, (DoorbellStep, StallStep)):
                step.start(self)
        self.on_ready()
        self._turn_until_usable()
        for entry in pools:  # Celery's loop adds its own
            self.timer.cancel(entry)
        # Later ones are the connection's and end with it: time limits of tasks must not.
        self.timer_entries_before_start = self._timers()

    def _turn_until_usable(self) -> None:
        self.hub.propagate_errors = ()
        loop = self.hub.create_loop()
        while not self.broker.usable:
            maybe_shutdown()
            try:
                next(loop)
            except StopIteration:
                loop = self.hub.create_loop()

    def _timers(self) -> set[Any]:
        return {scheduled.entry for scheduled in self.timer.queue}

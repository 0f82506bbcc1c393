"""Bury what has expired, delete what is too old, seal what is over, every minute."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task

from tiktok_events.outbox.store import Store
from worker.delivery.expiry import Sweep
from worker.letters.retention import Retention
from worker.outbox.receipt_limit import MEGABYTE, ReceiptLimit
from worker.reporting.figures.sealing import Sealing
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import UPKEEP
from worker.settings import Settings


@shared_task(name=UPKEEP.name, ignore_result=True)
def upkeep() -> None:
    """Sweep parked destinations, dead letters and receipts; see `worker.delivery.expiry`."""
    engine = THIS_PROCESS.engine()
    sweep = Sweep(engine.store, engine.outbox, engine.settings)
    retention = Retention(engine.store, engine.settings)
    receipts = ReceiptLimit(engine.store, engine.settings.receipts_max_mb * MEGABYTE)

    go_on = within(TASK_BUDGET_S)
    with engine.serving():
        sweep.run(go_on)
        if engine.outbox.clock.judges:
            retention.run(go_on, engine.outbox.clock.now())
            receipts.run(go_on, engine.outbox.clock.now())
        _seal(engine.store, engine.settings, go_on)


def _seal(store: Store, settings: Settings, go_on: Callable[[], bool]) -> None:
    """Seal the hours that are over, by the clock that they are counted by: the server's."""
    now, _ = store.redis.time()
    for keys in store.at_hand:
        most_bytes = settings.figures_max_mb * MEGABYTE // store.shards.count
        Sealing(store, keys, most_bytes).run(go_on, now)
